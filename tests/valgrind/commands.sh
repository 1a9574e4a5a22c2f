# valgrind(1) over the commands that make no container (it knows no clone3): no invalid access, no leak.
# timeout: 120

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

test_state_of_a_container()
{
	bundle_new b
	args sleep 100
	create
	for command in state kill start state list "list -f json"; do
		# shellcheck disable=SC2086
		case $command in
		list*) checked $command ;;
		kill) checked kill "$ID" 0 ;;
		*) checked $command "$ID" ;;
		esac
		expect_eq 0 "$STATUS" "$command"
	done
	checked delete "$ID"
	expect_eq 1 "$STATUS"
	checked delete --force "$ID"
	expect_eq 0 "$STATUS"
	checked state "$ID"
	expect_eq 1 "$STATUS"
}

test_shortcut_without_a_container()
{
	checked run --dry-run -it -m 64m --cpus 1.5 -e A=b -v /tmp:/mnt:ro NOIMG sh
	expect_eq 0 "$STATUS"
	checked run --memory nonsense NOIMG sh
	expect_eq 1 "$STATUS"
}
