# hind delete, while others work on the same id

# What has become of the container since delete looked is what counts: here it has got a first process.
test_forced_while_it_is_being_created()
{
	bundle_new b '.hooks.createRuntime=[{path:"/bin/sleep",args:["sleep","1"]}]'
	args sleep 1000
	id_new
	hind --cgroup-manager disabled create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null &
	creator=$!
	wait_for is_status "$ID" creating
	expect_status 0 hind delete --force "$ID"
	wait "$creator" || fail "create: $(cat log)"
	expect_status 1 hind state "$ID"
	expect_no_leak 'without a cgroup'
}

has_open() # PID FILE: for wait_for
{
	readlink "/proc/$1"/fd/* | grep -qx "$2"
}

# The one that delete waits for never came to be, and its name has gone to another.
test_another_container_of_that_name_is_left_alone()
{
	bundle_new b '.hooks.createRuntime=[{path:"/bin/sh",args:["sh","-c","sleep 1; exit 1"]}]'
	args sleep 1000
	id_new
	hind create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null &
	creator=$!
	wait_for is_status "$ID" creating
	hind_by exec -- delete --force "$ID" > delete.log 2>&1 &
	delete=$!
	wait_for has_open "$delete" "$HIND_ROOT/$ID"
	kill -STOP "$delete"
	! wait "$creator" || fail 'the hook has failed, and create has not'
	config 'del(.hooks)'
	hind create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null || fail "create: $(cat log)"
	kill -CONT "$delete"
	wait "$delete" || fail "delete: $(cat delete.log)"
	expect_eq created "$(status_of "$ID")"
	expect_status 0 hind start "$ID"
	expect_eq running "$(status_of "$ID")"
}

# As runc and crun do, and as buildah and containerd's shim rely on where something failed between create and start.
test_never_started()
{
	bundle_new b
	args sleep 1000
	create
	init=$(pid_of "$ID")
	expect_status 0 hind delete "$ID"
	[ ! -d "/proc/$init" ] || fail 'its first process has not ended'
	expect_status 1 hind state "$ID"
	expect_no_leak
}

# What was created when delete looked, and has been started while it waited for its turn, runs on.
test_started_meanwhile()
{
	bundle_new b
	args sleep 1000
	create
	mkfifo go
	flock "$HIND_ROOT/$ID" sh -c 'echo > locked; read -r _ < go' &
	wait_for test -e locked
	hind_by exec -- delete "$ID" > delete.log 2>&1 &
	delete=$!
	wait_for has_open "$delete" "$HIND_ROOT/$ID"
	expect_status 0 hind start "$ID"
	echo > go
	! wait "$delete" || fail 'it was deleted'
	expect_match "cannot delete container $ID that is not stopped: running" "$(cat delete.log)"
	expect_eq running "$(status_of "$ID")"
}

# Each of them finds it gone, or makes it so.
test_many_at_once()
{
	bundle_new b
	args true
	for round in 1 2 3 4 5; do
		create
		expect_status 0 hind start "$ID"
		wait_for is_status "$ID" stopped
		pids=
		for i in 1 2 3 4; do
			hind_by exec -- delete --force "$ID" > "log.$i" 2>&1 &
			pids="$pids $!"
		done
		for pid in $pids; do
			wait "$pid" || fail "round $round: $(cat log.*)"
		done
		expect_status 1 hind state "$ID"
	done
}

# `run` does not keep others from it.
test_forced_while_run_waits()
{
	bundle_new b
	args sleep 1000
	id_new
	hind run --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null &
	runner=$!
	wait_for is_status "$ID" running
	expect_status 0 hind_by timeout 5 -- delete --force "$ID"
	status=0
	wait "$runner" || status=$?
	expect_eq 137 "$status"
}

# Who waits to remove it by itself comes too late, and the name has gone to another.
test_removed_by_itself_or_not_at_all()
{
	bundle_new b
	args true
	id_new
	hind run -d --rm --name "$ID" "$BASE_ROOTFS" sleep 1000 > log 2>&1 < /dev/null || fail "run: $(cat log)"
	remover=$(pgrep -f "run -d --rm --name $ID ")
	kill -STOP "$remover"
	expect_status 0 hind delete --force "$ID"
	hind create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null || fail "create: $(cat log)"
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	kill -CONT "$remover"
	wait_for test ! -e "/proc/$remover/fd/0"
	expect_eq stopped "$(status_of "$ID")"
}
