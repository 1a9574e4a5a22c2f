# shellcheck shell=dash
# Somebody at an engine's terminal: a shell in a container, in tmux, whose window changes its size.

screen_has() # REGEX: for wait_for
{
	tmux -S "$CASE_DIR/tmux" capture-pane -p | grep -q -e "$1"
}

# Engines set the size a moment after the start, or after the window has changed.
type_until() # REGEX WORDS: for wait_for; types WORDS and looks
{
	tmux -S "$CASE_DIR/tmux" send-keys "$2" Enter
	sleep 0.2
	screen_has "$1"
}

person_in() # COMMAND: that gives a shell in a container
{
	tmux -S "$CASE_DIR/tmux" new-session -d -x 90 -y 30 "$1; echo left with \$?; sleep 60"
	wait_for screen_has '/ #'
	wait_for type_until '^30 90$' 'stty size'
	tmux -S "$CASE_DIR/tmux" resize-window -x 70 -y 20
	wait_for type_until '^20 70$' 'stty size'
	tmux -S "$CASE_DIR/tmux" send-keys 'echo $((40 + 2)); sleep 100' Enter
	wait_for screen_has '^42$'
	sleep 0.3
	tmux -S "$CASE_DIR/tmux" send-keys C-c
	wait_for screen_has '\^C'
	tmux -S "$CASE_DIR/tmux" send-keys 'exit 9' Enter
	wait_for screen_has 'left with 9'
	tmux -S "$CASE_DIR/tmux" kill-server
}
