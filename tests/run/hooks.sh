# Hooks: all six, in the spec's order, with state on stdin and exactly their own environment.
# covers: hooks.{prestart,createRuntime,createContainer,startContainer,poststart,poststop}[].{path,args,env,timeout}

setup()
{
	bundle_new b '.root.readonly=false'
	args true
	cp "$PAYLOAD" payload
	LOG=$BUNDLE/rootfs/log
	: > "$LOG"
	to_user "$LOG"
}

# A hook that writes its name and the state's status into the rootfs's /log.
hook() # KIND LOG_AS_THE_HOOK_SEES_IT
{
	jq --arg kind "$1" --arg log "$2" '.hooks[$kind]+=[{
		"path": "/bin/sh",
		"args": ["sh", "-c", "echo \($kind) $(sed -E \"s/.*\\\"status\\\": ?\\\"([a-z]+)\\\".*/\\\\1/\") >> \($log)"],
		"env": ["PATH=/usr/bin:/bin"]
	}]' "$BUNDLE/config.json" > new.json
	mv new.json "$BUNDLE/config.json"
}

test_all_six_in_order()
{
	for kind in poststop startContainer createContainer poststart createRuntime prestart; do
		case $kind in
		startContainer) hook "$kind" /log ;;
		*) hook "$kind" "$LOG" ;;
		esac
	done
	args sh -c 'echo program >> /log; sleep 0.5'
	create
	expect_eq "prestart creating
createRuntime creating
createContainer creating" "$(cat "$LOG")" 'after create'
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
	expect_eq 1 "$(grep -c program "$LOG")"
	expect_eq "prestart creating
createRuntime creating
createContainer creating
startContainer created
poststart running
poststop stopped" "$(grep -v program "$LOG")" 'after delete'
	expect_no_leak
}

test_program_waits_for_start_container_hook()
{
	hook startContainer /log
	args sh -c 'echo program >> /log'
	expect_status 0 run
	expect_eq "startContainer created
program" "$(cat "$LOG")"
}

test_run_runs_them_too()
{
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind" "$LOG"
	done
	args sleep 0.3
	expect_status 0 run
	expect_eq 'prestart createRuntime createContainer poststart poststop ' "$(cut -d ' ' -f 1 "$LOG" | tr '\n' ' ')"
}

test_several_of_one_kind_in_order()
{
	hook createRuntime "$LOG"
	config '.hooks.createRuntime+=[{"path":"/bin/sh","args":["sh","-c","echo second >> '"$LOG"'"]}]'
	expect_status 0 run
	expect_eq "createRuntime creating
second" "$(cat "$LOG")"
}

test_state_on_stdin()
{
	config '.annotations={"org.example.a":"b"}' \
		'.hooks.createRuntime=[{"path":"'"$PWD"'/payload","args":["payload","environment","'"$PWD"'/env"]}]'
	create
	expect_eq "$ID" "$(jq -r .id env.in)"
	expect_eq creating "$(jq -r .status env.in)"
	expect_eq "$(pid_of "$ID")" "$(jq -r .pid env.in)"
	expect_eq "$BUNDLE" "$(jq -r .bundle env.in)"
	expect_eq b "$(jq -r '.annotations["org.example.a"]' env.in)"
	expect_match '^1\.' "$(jq -r .ociVersion env.in)"
}

test_pid_in_the_hooks_of_the_container_is_the_hosts()
{
	config '.hooks.createContainer=[{"path":"/bin/sh","args":["sh","-c","cat > '"$PWD"'/state"]}]'
	create
	expect_eq "$(pid_of "$ID")" "$(jq -r .pid state)"
}

# CVE-2025-23266: a hook that inherits the container's environment obeys its LD_PRELOAD.
test_environment_is_exactly_its_own()
{
	config '.process.env+=["LD_PRELOAD=/evil.so"]'
	for kind in createRuntime createContainer poststart poststop; do
		config '.hooks.'"$kind"'=[{"path":"'"$PWD"'/payload","args":["payload","environment","'"$PWD"'/env.'"$kind"'"]}]'
	done
	args sleep 0.3
	LD_BIND_NOW=1 expect_status 0 run
	for kind in createRuntime createContainer poststart poststop; do
		expect_eq '' "$(cat "env.$kind")" "environment of $kind"
	done
}

test_environment_given()
{
	config '.hooks.createRuntime=[{"path":"'"$PWD"'/payload","args":["payload","environment","'"$PWD"'/env"],"env":["A=b","C="]}]'
	expect_status 0 run
	expect_eq "A=b
C=" "$(cat env)"
}

test_arguments_default_to_the_path()
{
	printf '#!/bin/sh\necho "$0 $#" > %s/out\n' "$PWD" > script
	chmod 755 script
	config '.hooks.createRuntime=[{"path":"'"$PWD"'/script"}]'
	expect_status 0 run
	expect_match '/script 0$' "$(cat out)"
}

test_descriptors_are_closed()
{
	config '.hooks.createRuntime=[{"path":"/bin/sh","args":["sh","-c","exec '"$PWD"'/payload fds > '"$PWD"'/fds"]}]'
	exec 7< /dev/null
	expect_status 0 run
	exec 7<&-
	expect_eq '0 1 2 ' "$(cut -d ' ' -f 1 fds | sort -n | tr '\n' ' ')"
}

failing() # KIND
{
	config '.hooks={"'"$1"'":[{"path":"/bin/true"},{"path":"/bin/sh","args":["sh","-c","echo the reason >&2; exit 3"]}]}'
}

test_failure_tells_status_and_stderr()
{
	for kind in prestart createRuntime createContainer; do
		failing "$kind"
		expect_refused "hooks\.$kind\[1\].*(status|code) 3.*the reason|hooks\.$kind\[1\].*the reason.*(status|code) 3"
		expect_status 1 run
		expect_no_leak "$kind"
	done
}

test_failure_of_start_container()
{
	failing startContainer
	create
	expect_error 'hooks\.startContainer\[1\].*the reason' hind start "$ID"
	expect_status 0 hind delete --force "$ID"
	expect_status 1 run
	expect_match 'hooks\.startContainer\[1\].*the reason' "$ERROR"
	expect_no_leak
}

test_failure_of_poststart_is_an_error()
{
	failing poststart
	args sleep 1000
	create
	expect_error 'hooks\.poststart\[1\].*the reason' hind start "$ID"
	expect_status 0 hind delete --force "$ID"
	expect_no_leak
}

test_failure_of_poststop_is_a_warning()
{
	failing poststop
	create
	expect_status 0 hind delete --force "$ID"
	expect_match 'warning: .*hooks\.poststop\[1\].*the reason' "$ERROR"
	expect_error 'does not exist' hind state "$ID"
}

test_poststop_hooks_after_one_that_fails()
{
	failing poststop
	config '.hooks.poststop+=[{"path":"/no/such/hook"},.hooks.poststop[1]]'
	hook poststop "$LOG"
	create
	expect_status 0 hind delete --force "$ID"
	for i in 1 2 3; do
		expect_match "warning: .*hooks\.poststop\[$i\]" "$ERROR"
	done
	expect_eq 'poststop stopped' "$(cat "$LOG")" 'the last hook'
	expect_no_leak
}

test_timeout()
{
	config '.hooks.createRuntime=[{"path":"/bin/sleep","args":["sleep","1000"],"timeout":1}]'
	begin=$(date +%s)
	expect_refused 'hooks\.createRuntime\[0\].*(time|1 s)'
	[ $(($(date +%s) - begin)) -lt 5 ] || fail "the time-out of 1 s took $(($(date +%s) - begin)) s"
	expect_no_leak
}

test_killed_by_a_signal()
{
	config '.hooks.createRuntime=[{"path":"/bin/sh","args":["sh","-c","kill -9 $$"]}]'
	expect_refused 'hooks\.createRuntime\[0\].*(signal 9|SIGKILL|killed)'
}

test_missing_hook_program()
{
	config '.hooks.createRuntime=[{"path":"/no/such/hook"}]'
	expect_refused 'hooks\.createRuntime\[0\].*no such file or directory'
	expect_no_leak
}

test_relative_path_is_refused()
{
	config '.hooks.createRuntime=[{"path":"bin/hook"}]'
	expect_refused '^hind: config\.json:[0-9]+:[0-9]+: \.hooks\.createRuntime\[0\]\.path: '
}

test_hook_that_reads_nothing()
{
	config '.annotations={"long":("x"*200000)}' '.hooks.createRuntime=[{"path":"/bin/true"}]'
	expect_status 0 run
}
