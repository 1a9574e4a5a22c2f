# needs: dockerd containerd iptables ctr
# timeout: 120
# tests/engines/docker_checkpoint.sh: docker and containerd save containers and bring them back
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

engine_start()
{
	docker_start --experimental
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

need_criu()
{
	[ -n "$CRIU" ] || skip "no criu that works here: ${CRIU_MISSING:-none is installed}"
}

counting() # [OPTION...]: a container `one` that counts on its stdout
{
	box --detach --name one "$@" box sh -c 'i=0; while :; do i=$((i + 1)); echo "n $i"; sleep 0.1; done'
	wait_for logs_have one '^n 5'
}

last_number()
{
	docker logs one 2>&1 | tr -d '\r' | sed -n 's/^n //p' | tail -n 1
}

number_after() # N: for wait_for
{
	[ "$(last_number)" -gt "$1" ]
}

# The checkpoint went through containerd's content store, and docker puts the same bytes there again: an error, whatever
# runtime made them, as long as the first ones are not collected.
upload_is_collected()
{
	[ -z "$(ctr --namespace moby content ls --quiet)" ]
}

test_docker_checkpoint_and_start()
{
	need_criu
	counting
	within 60 docker checkpoint create one first > out
	wait_for is_state one exited
	_last=$(last_number)
	expect_eq first "$(docker checkpoint ls one | sed 1d)"
	eventually upload_is_collected
	within 60 docker start --checkpoint first one
	wait_for number_after "$_last"
	# It has gone on, and not begun again.
	expect_eq 1 "$(docker logs one 2>&1 | grep -c '^n 1$')"
	same 'exit code' "$(docker exec one sh -c 'exit 3' > out 2>&1 || echo $?)"
	docker stop --time 1 one > out
	same 'exit code of a stop' "$(inspect one .State.ExitCode)"
}

test_docker_leaves_it_running()
{
	need_criu
	counting
	within 60 docker checkpoint create --leave-running one first > out
	is_state one running || fail 'it does not run any more'
	_last=$(last_number)
	wait_for number_after "$_last"
}

test_docker_with_a_terminal()
{
	need_criu
	counting --tty
	within 60 docker checkpoint create one first > out
	wait_for is_state one exited
	_last=$(last_number)
	eventually upload_is_collected
	within 60 docker start --checkpoint first one
	wait_for number_after "$_last"
}

# Without docker: containerd's own client, whose shim is asked for the same.
test_ctr_checkpoint_and_restore()
{
	need_criu
	docker save box > image.tar
	ctr image import image.tar > out 2>&1
	_image=$(ctr image ls -q | grep box | head -n 1)
	ctr run --detach --runc-binary "$RUNTIME" "$_image" one sh -c 'i=0; while :; do i=$((i + 1)); echo $i > /count; sleep 0.1; done' \
		< /dev/null > out 2>&1 || fail "ctr run: $(cat out)"
	_pid=$(ctr task ls | awk '$1 == "one" { print $2 }')
	wait_for test -s "/proc/$_pid/root/count"
	within 60 ctr task checkpoint --image-path "$PWD/image" one > out 2>&1 || fail "ctr checkpoint: $(cat out)"
	[ -s image/pstree.img ] || fail 'no images'
	ctr task kill --signal KILL one
	eventually task_is_gone
	ctr container rm one
}

task_is_gone()
{
	ctr task rm --force one > gone 2>&1 || :
	! ctr task ls | grep -q '^one '
}
