# --version, --help, and what is no command
# covers: hind/--{debug,help}

test_three_lines_as_engines_parse_them()
{
	for option in --version -v -V; do
		expect_status 0 "$HIND" "$option"
		expect_lines 3 "$OUTPUT" "$option"
		expect_match '^hind version [0-9]+\.[0-9]+\.[0-9]+' "$(echo "$OUTPUT" | sed -n 1p)"
		expect_match '^commit: .+' "$(echo "$OUTPUT" | sed -n 2p)"
		expect_match '^spec: 1\.3\.0$' "$(echo "$OUTPUT" | sed -n 3p)"
	done
}

test_help_names_every_command()
{
	expect_status 0 "$HIND" --help
	usage=$OUTPUT
	for command in create start state kill delete list run spec features validate; do
		expect_match "^ *$command " "$usage" --help
		expect_status 0 "$HIND" "$command" --help
		expect_match "hind $command" "$OUTPUT" "$command --help"
	done
}

test_unknown_command()
{
	expect_error 'unknown command.*"delet".*delete' "$HIND" delet x
}

test_unknown_option()
{
	expect_error 'detatch' "$HIND" run --detatch x
	expect_match '"?--detach' "$ERROR" 'suggestion'
	expect_error 'nonsense' "$HIND" --nonsense list
}

test_single_dash_long_options()
{
	expect_status 0 hind list -format json
	expect_eq '[]' "$OUTPUT"
}

test_global_options_of_engines_are_taken()
{
	expect_status 0 "$HIND" --root "$HIND_ROOT" --log log.json --log-format json --rootless=false list -q
	expect_status 0 "$HIND" --root="$HIND_ROOT" --debug --cgroup-manager cgroupfs list -q
	expect_status 0 "$HIND" --root "$HIND_ROOT" --criu /usr/sbin/criu list -q
}

test_wrong_global_values()
{
	expect_error 'log-format' "$HIND" --log-format xml list
	expect_error 'log-level' "$HIND" --log-level loud list
	expect_error 'cgroup-manager' "$HIND" --cgroup-manager none list
}
