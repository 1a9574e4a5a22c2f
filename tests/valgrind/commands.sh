# valgrind(1) over the commands that make no container and look at none (it knows neither clone3 nor pidfd_open): no invalid
# access, no leak.
# timeout: 300

checked() # ARG...: hind under valgrind; its own exit status, 99 where valgrind found something
{
	capture valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible "$HIND" --root "$HIND_ROOT" "$@"
	[ "$STATUS" -ne 99 ] || fail "$*: $ERROR"
	expect_no_match '^==[0-9]+== ' "$ERROR" "$*"
}

test_documents()
{
	mkdir b
	checked spec --bundle b
	expect_eq 0 "$STATUS"
	checked validate b
	expect_eq 0 "$STATUS"
	checked features
	expect_eq 0 "$STATUS"
	checked --version
	expect_eq 0 "$STATUS"
}

test_wrong_documents()
{
	bundle_new b '.process.rlimits=[{"type":"RLIMIT_X","soft":-1}]' '.mounts[0].destination=3' '.linux.namespaces="pid"'
	checked validate b
	expect_eq 1 "$STATUS"
	printf '{ "ociVersion": "1.0.2", "process": ' > b/config.json
	checked validate b
	expect_eq 1 "$STATUS"
	id_new
	checked create --bundle b "$ID"
	expect_eq 1 "$STATUS"
}

test_nobody_there()
{
	id_new
	for command in "state $ID" "start $ID" "kill $ID 9" "delete $ID"; do
		# shellcheck disable=SC2086
		checked $command
		expect_eq 1 "$STATUS" "$command"
	done
	for command in "ps $ID" "pause $ID" "resume $ID" "kill --regex ( 9"; do
		# shellcheck disable=SC2086
		checked $command
		expect_eq 1 "$STATUS" "$command"
	done
	for command in "exec $ID true" "exec -e A=b -g 1 -c kill --cgroup x $ID true" 'exec'; do
		# shellcheck disable=SC2086
		checked $command
		expect_eq 255 "$STATUS" "$command"
	done
	for command in "delete --regex $ID" "kill --regex $ID" "list" "list -f json" "delete --force $ID"; do
		# shellcheck disable=SC2086
		checked $command
		expect_eq 0 "$STATUS" "$command"
	done
}

test_every_json_of_the_tests()
{
	for file in "$TESTS"/json/good/*.json "$TESTS"/json/bad/*.json; do
		checked validate "$file"
	done
}
