# the man page and the completions know every option that --help shows

options() # [COMMAND]: the long options of its --help
{
	hind "$@" --help | sed -nE 's/^ +(-[a-zA-Z], )?--([a-z0-9-]+).*/\2/p'
}

test_every_option_is_in_the_manual_and_the_completions()
{
	contrib=$TESTS/../contrib
	sed 's/\\-/-/g' "$contrib/man/hind.1" > page
	for command in '' run create exec ps kill delete list update events checkpoint restore spec; do
		# shellcheck disable=SC2086
		options $command > options
		[ -s options ] || fail "no options in the help of '$command'"
		while read -r option; do
			for file in page "$contrib/completions/hind.bash" "$contrib/completions/_hind"; do
				grep -Eq -e "--$option([^a-z-]|\$)" "$file" || fail "--$option of '$command' is not in $file"
			done
			[ "$option" = help ] || grep -Eq -e "-l $option( |\$)" "$contrib/completions/hind.fish" ||
				fail "--$option of '$command' is not in hind.fish"
		done < options
	done
}

test_every_command_is_in_the_manual_and_the_completions()
{
	contrib=$TESTS/../contrib
	hind --help | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p' > commands
	[ -s commands ] || fail 'no commands in the help'
	while read -r command; do
		grep -Eq "^\.BI? \"?$command|^\.BR $command" "$contrib/man/hind.1" || fail "$command is not in the man page"
		for file in hind.bash _hind hind.fish; do
			grep -qw -- "$command" "$contrib/completions/$file" || fail "$command is not in $file"
		done
	done < commands
}

test_manual_is_well_formed()
{
	command -v man > man-program || skip 'man is not installed'
	expect_status 0 man --warnings -E UTF-8 -l "$TESTS/../contrib/man/hind.1"
	expect_eq '' "$ERROR" warnings
}
