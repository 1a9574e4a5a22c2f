# what people type: help wherever it is asked for, habits from engines, output that cannot be written

test_help_wherever_it_is_asked_for()
{
	hind run --help > want
	for words in 'help run' '--help run' 'run -h' 'run -it --help' 'run -m 64m --help' 'run --rm -h NOIMG true'; do
		# shellcheck disable=SC2086
		expect_status 0 hind $words
		expect_eq "$(cat want)" "$OUTPUT" "'$words'"
	done
	hind --help > want
	expect_status 0 hind help
	expect_eq "$(cat want)" "$OUTPUT" 'hind help'
	expect_status 0 hind features --help
	expect_match '^Usage: hind features$' "$OUTPUT"
	expect_error 'unknown command "nosuch"' hind help nosuch
}

# The program's own words are not hind's.
test_help_of_the_program()
{
	bundle_new b
	expect_status 0 hind run --no-overlay b/rootfs echo --help -h
	expect_eq '--help -h' "$OUTPUT"
}

test_commands_of_engines_are_answered()
{
	for row in 'stop:hind kill' 'rm:hind delete' 'unpause:hind resume' 'inspect:hind state' 'stats:hind events --stats' \
		'top:hind ps' 'logs:keeps none' 'pull:NOIMG' 'images:NOIMG' 'version:hind --version'; do
		expect_error "unknown command \"${row%%:*}\": .*${row#*:}" hind "${row%%:*}" box
	done
}

test_options_of_engines_are_answered()
{
	for row in '-p:--publish: .*--network host' '--publish=80:--publish: ' '--dns:resolv.conf' '--add-host:/etc/hosts' \
		'--init:pid 1' '--restart:service manager' '--pull:NOIMG' '--cidfile:--name' '--gpus:--device' \
		'--userns:uidMappings' \
		'-P:--network host' '--expose:--network host' '--link:--network host' '--ip:--network host' '--mac-address:--network host' \
		'--network-alias:--network host' '--dns-search:resolv.conf' '--dns-option:resolv.conf' '--health-cmd:hind exec' \
		'--platform:NOIMG' '--rootfs:leave it out' '--replace:hind delete' '--pod:linux.namespaces' '--volumes-from:-v' \
		'--secret:/run/secrets' '--storage-opt:--memory' '--log-driver:no logs' '-a:--detach' '--attach=stdin:-i' \
		'--sig-proxy:hind kill' '--detach-keys:hind exec' '--stop-signal:hind kill' '--stop-timeout:hind kill' \
		'--timeout:timeout SECONDS' '--runtime:the runtime' '--blkio-weight:blockIO' '--oom-kill-disable:disableOOMKiller' \
		'--kernel-memory:--memory'; do
		expect_error "${row#*:}" hind run "${row%%:*}" word NOIMG true
	done
	# They are no suggestions.
	expect_error 'unknown option --publisch: --help shows the options' hind run --publisch 80 NOIMG true
	expect_status 0 hind run --help
	case $OUTPUT in
	*publish*) fail '--publish is shown as if it worked' ;;
	esac
}

test_flags_with_a_value()
{
	expect_status 0 hind run -t=false -i=true --dry-run=true -m=64MiB NOIMG true
	expect_eq 'false 67108864' "$(printf '%s' "$OUTPUT" |
		jq -r '"\(.process.terminal // false) \(.linux.resources.memory.limit)"')"
	expect_error '"maybe" is neither true nor false' hind run -t=maybe NOIMG true
	expect_status 0 hind run -m 0.5g --memory-swap 1.5g --shm-size .5m -c 512 -l A=b --dry-run NOIMG true
	expect_eq '536870912 1610612736 512 b' "$(printf '%s' "$OUTPUT" |
		jq -r '"\(.linux.resources.memory|"\(.limit) \(.swap)") \(.linux.resources.cpu.shares) \(.annotations.A)"')"
	expect_match 'size=524288' "$OUTPUT"
	expect_error 'memory "1.5": .*as in 0.5g' hind run -m 1.5 NOIMG true
	expect_error 'memory "64bib"' hind run -m 64bib NOIMG true
	expect_status 0 hind run --security-opt label=disable --dry-run NOIMG true
}

test_suggestions_are_questions()
{
	expect_error 'did you mean nofile\?$' hind run --ulimit nofiles=1 NOIMG true
	expect_error 'did you mean noexec\?$' hind run -v /etc:/x:noexex NOIMG true
	expect_error 'source=/data,target=/data$' hind run --mount type=bind,target=/x NOIMG true
}

test_exec_as_engines_spell_it()
{
	bundle_new b
	args sleep 60
	create
	hind start "$ID"
	echo typed > input
	capture hind exec -i -w /etc "$ID" sh -c 'pwd; cat' < input
	expect_eq '/etc
typed' "$OUTPUT"
	expect_status 0 hind exec --interactive --workdir /tmp "$ID" pwd
	expect_eq /tmp "$OUTPUT"
	expect_error 'already exists: `'"$ID"'`; delete it first' hind create --bundle "$BUNDLE" "$ID"
	expect_error 'running; --force kills it first$' hind delete "$ID"
	expect_error 'unknown signal "NOSUCH": .*kill -l' hind kill "$ID" NOSUCH
	hind delete --force "$ID"
}

full() # ARG...: with a standard output on a full disk
{
	hind "$@" > /dev/full
}

closed() # ARG...
{
	hind "$@" >&-
}

test_output_that_cannot_be_written_is_an_error()
{
	for words in list 'list -f json' features 'run --dry-run NOIMG true' --help 'help run' --version 'run --help'; do
		# shellcheck disable=SC2086
		expect_error '^hind: standard output: (no space left on device|not everything could be written: is the disk full\?)$' full $words
		# shellcheck disable=SC2086
		expect_error '^hind: standard output: (bad file descriptor|not everything could be written: .*)$' closed $words
	done
}

test_reader_that_leaves_early()
{
	hind features | true
	hind list | head -n 0
	expect_status 0 hind run --dry-run NOIMG true
}

# Which option says where, and why there it cannot be.
test_root_where_nothing_can_be_recorded()
{
	echo file > file
	expect_error '^hind: --root .*/file/hind: no place to record containers: mkdir .*/file(/hind)?: ' \
		"$HIND" --root "$PWD/file/hind" run NOIMG true
	expect_error '^hind: --root: open .*/file: not a directory$' "$HIND" --root "$PWD/file" list
	cp "$HIND" hind
	chmod 755 . hind
	mkdir -m 755 others
	expect_error '^hind: --root .*/others/x: no place to record containers: mkdir .*/others/x: permission denied$' \
		setpriv --reuid 1000 --regid 1000 --clear-groups ./hind --root "$PWD/others/x" run NOIMG true
}
