# tests/engines/run and session.sh: what they call a failure. Two names for hind stand for two runtimes.
# timeout: 120

# An engine of nothing; its cases see $RUNTIME_NAME, and each tells the two apart.
setup()
{
	command -v catatonit > /dev/null || skip 'catatonit is not installed'
	cat > engine.sh <<-'EOF'
	# needs: sh
	# timeout: 3
	engine_start() { [ -z "${REFUSE_START:-}" ] || fail refused; export SEEN=yes; }
	engine_stop() { [ -z "${REFUSE_STOP:-}" ] || fail refused; }
	case_end() { touch "$SESSION/ended"; }
	test_good() { [ "$SEEN" = yes ]; }
	test_bad_with_hind() { ! on_hind || fail 'bad reason'; }
	test_bad_with_the_peer() { on_hind || fail 'bad reason'; }
	test_bad_with_both() { fail 'bad reason'; }
	test_other_words() { same word "$RUNTIME_NAME"; }
	test_same_words() { same word word; }
	test_too_slow() { ! on_hind || sleep 10; }
	test_skipped() { skip 'good reason'; }
	test_ended() { [ -e "$SESSION/ended" ]; }
	test_alone()
	{
		[ "$(cat /proc/1/comm)" = catatonit ]
		[ -z "$(ls /run/hind 2> /dev/null)" ]
		[ "$(ls /sys/class/net)" = lo ]
		echo changed > /etc/hostname
		mkdir /run/here /usr/local/here
		for _dir in /sys/fs/cgroup/*/; do
			[ ! -e "$_dir/cgroup.procs" ] || mkdir "$_dir/here" || fail "$_dir"
		done
		! cgroup_v2 || mkdir -p /sys/fs/cgroup/here/below
		setsid sleep 1000 &
	}
	long_case() { :; }
	EOF
	# The peer is a program of its own: it is found by its name.
	mkdir bin
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$HIND" > bin/peer
	chmod 755 bin/peer
	PATH=$PWD/bin:$PATH
}

run_engine() # ARG...
{
	capture "$TESTS/engines/run" --hind "$HIND" --payload "$PAYLOAD" --peer peer "$@" engine.sh
}

test_verdicts()
{
	run_engine
	note "$OUTPUT$ERROR"
	expect_eq 1 "$STATUS"
	expect_match '^ok engines/engine.sh: start$' "$OUTPUT"
	expect_match '^ok engines/engine.sh: good$' "$OUTPUT"
	expect_match '^not ok engines/engine.sh: bad_with_hind - bad reason$' "$OUTPUT"
	expect_match '^ok engines/engine.sh: bad_with_the_peer - peer: not ok, bad reason$' "$OUTPUT"
	expect_match '^skip engines/engine.sh: bad_with_both - fails with peer too: bad reason, hind: bad reason$' "$OUTPUT"
	expect_match '^not ok engines/engine.sh: other_words - other than with peer: < word: peer > word: hind' "$OUTPUT"
	expect_match '^ok engines/engine.sh: same_words$' "$OUTPUT"
	expect_match '^not ok engines/engine.sh: too_slow - took longer than 3 s$' "$OUTPUT"
	expect_match '^skip engines/engine.sh: skipped - good reason$' "$OUTPUT"
	expect_match '^ok engines/engine.sh: ended$' "$OUTPUT"
	expect_match '^ok engines/engine.sh: alone$' "$OUTPUT"
	expect_no_match 'engine.sh: case' "$OUTPUT"
	expect_match '^ok engines/engine.sh: end$' "$OUTPUT"
	expect_eq '7 passed, 3 failed, 2 skipped' "$(printf '%s\n' "$OUTPUT" | tail -n 1)"
	expect_ne changed "$(cat /etc/hostname)"
}

test_an_engine_that_does_not_start_is_no_skip()
{
	REFUSE_START=1
	export REFUSE_START
	run_engine --match good
	expect_eq 1 "$STATUS"
	expect_match '^not ok engines/engine.sh: start - with both, peer: refused, hind: refused$' "$OUTPUT"
}

test_an_engine_that_does_not_end_well()
{
	REFUSE_STOP=1
	export REFUSE_STOP
	run_engine --match good
	expect_eq 1 "$STATUS"
	expect_match '^not ok engines/engine.sh: end - with both' "$OUTPUT"
}

test_missing_programs_are_a_skip()
{
	sed 's/^# needs: .*/# needs: sh no-such-engine/' engine.sh > other.sh
	mv other.sh engine.sh
	run_engine
	expect_match '^skip engines/engine.sh - no-such-engine is not installed$' "$OUTPUT"
	expect_eq '0 passed, 0 failed, 1 skipped' "$(printf '%s\n' "$OUTPUT" | tail -n 1)"
}

test_long_cases_and_matches()
{
	run_engine --long --match 'engine.sh: (case|good)'
	expect_eq 0 "$STATUS"
	expect_match '^ok engines/engine.sh: case$' "$OUTPUT"
	expect_eq '4 passed, 0 failed, 0 skipped' "$(printf '%s\n' "$OUTPUT" | tail -n 1)"
}

test_interrupted()
{
	mkdir tmp
	TMPDIR=$PWD/tmp "$TESTS/engines/run" --hind "$HIND" --payload "$PAYLOAD" --peer peer --match slow engine.sh > out 2>&1 &
	_run=$!
	wait_for sh -c 'ls -d tmp/hind-engines.*/engine-hind/cases/too_slow 2> /dev/null'
	_name=$(ls tmp)
	kill "$_run"
	_status=0
	wait "$_run" || _status=$?
	expect_eq 130 "$_status"
	expect_eq '' "$(ls tmp)"
	expect_eq '' "$(find /sys/fs/cgroup -maxdepth 2 -name "$_name*")"
}
