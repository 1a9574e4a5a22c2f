#!/bin/sh
# One validation program on one runtime, alone on the machine as far as it can see; tests/validation/run calls this, as the init
# of new mount, pid, net, ipc and uts namespaces, with
#	PROGRAMS PROGRAM	the directory of the programs, and one of them
#	RUNTIME			the runtime's path
#	SESSION CGROUP		see tests/own_cgroups.sh; what the program said becomes $SESSION/tap, /stderr and /status
#
# It must be alone: a program asks for a container without a mount namespace, then removes the bundle with all that the runtime
# has mounted in it. So cgroups are mounted from this program's own down, bundles lie on a tmpfs, and the root is read-only.
set -eu
# shellcheck source=tests/case.sh
. "$TESTS/case.sh"
# shellcheck source=tests/own_cgroups.sh
. "$TESTS/own_cgroups.sh"

case ${1:-} in
--session)
	cgroup_enter
	exec unshare --cgroup sh "$0" --inside
	;;
--inside)
	cgroup_mount
	# crun refuses any cgroup v2 beside v1, even one that it has no need of.
	case ${RUNTIME##*/} in crun*) cgroup_v2 || ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified ;; esac
	ip link set lo up
	# One of the programs takes the second device that there is.
	ip link add eth0 type veth peer name eth1
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -m 1777 /run/tmp
	mkdir /run/session
	mount --bind "$SESSION" /run/session
	mount -o remount,bind,ro /
	cd "$PROGRAMS"
	export TMPDIR=/run/tmp HOME=/run/tmp
	# Two programs race with their container. killsig sends the signal as soon as a container runs, when the shell in it may
	# not have set its trap yet; pidfile kills `true`, which may have ended by itself.
	cat >/run/runtime <<-END
		#!/bin/sh
		case ${PROGRAM##*/}/\$1 in
		killsig/kill) sleep 0.5 ;;
		pidfile/create) ln -sf ../slow "\$5/bin/true" && printf '#!/bin/sh\nsleep 5\n' >"\$5/slow" && chmod 755 "\$5/slow" ;;
		esac
		exec "$RUNTIME" "\$@"
	END
	chmod 755 /run/runtime
	export RUNTIME=/run/runtime
	status=0
	# The programs expect a terminal.
	timeout -k 5 120 script -qec "exec ./$PROGRAM >/run/session/tap 2>/run/session/stderr" /dev/null \
		>/run/session/terminal 2>&1 </dev/null || status=$?
	echo "$status" >/run/session/status
	;;
*)
	echo "tests/validation/alone.sh is called by tests/validation/run" >&2
	exit 2
	;;
esac
