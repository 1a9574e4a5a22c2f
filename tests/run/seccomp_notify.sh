# SCMP_ACT_NOTIFY: the agent at listenerPath answers for the kernel.
# covers: linux.seccomp.{listenerPath,listenerMetadata}

setup()
{
	[ "$(uname -m)" = x86_64 ] || skip "the number of getpriority on $(uname -m) is not known to this test"
	bundle_new b '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"'"$PWD"'/agent","listenerMetadata":"some words",
		"syscalls":[{"names":["getpriority"],"action":"SCMP_ACT_NOTIFY"}]}'
	args payload syscall 140 0 0
}

agent() # starts one
{
	"$(dirname "$RUNNER")/agent" "$PWD/agent" 77 > agent.log 2>&1 &
	wait_for test -S agent
	to_user agent
}

test_agent_answers()
{
	agent
	expect_status 0 run
	expect_eq 'errno 77' "$OUTPUT"
	wait
	expect_eq 1 "$(jq -s length agent.log)" "what the agent got: $(cat agent.log)"
}

test_agent_is_told_who_asks()
{
	agent
	expect_status 0 run
	wait
	expect_eq seccompFd "$(jq -r '.fds|join(" ")' agent.log)"
	expect_eq 'some words' "$(jq -r .metadata agent.log)"
	expect_eq "$ID" "$(jq -r .state.id agent.log)"
	expect_eq "$BUNDLE" "$(jq -r .state.bundle agent.log)"
	expect_eq true "$(jq '.pid > 0 and .state.pid > 0' agent.log)" "$(cat agent.log)"
	expect_match '^1\.' "$(jq -r .ociVersion agent.log)"
}

test_nobody_listens()
{
	id_new
	expect_status 1 hind create --bundle "$BUNDLE" "$ID"
	expect_match 'agent.*no such file or directory|no such file or directory.*agent' "$ERROR"
	expect_no_leak
}

test_notify_without_a_listener_is_refused()
{
	config 'del(.linux.seccomp.listenerPath,.linux.seccomp.listenerMetadata)'
	expect_refused 'listenerPath'
}
