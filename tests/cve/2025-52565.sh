# CVE-2025-52565: the terminal's slave, bound to /dev/console by its name, was something else by then.
# covers: terminal

setup()
{
	bundle_new b '.process.terminal=true'
	console=$(dirname "$PAYLOAD")/console
}

# CMD... with an engine at ./s, which takes the master if one comes.
with_console() # CMD...
{
	rm -f s
	"$console" "$PWD/s" > console.log &
	engine=$!
	wait_for test -S s
	STATUS=0
	"$@" > out 2>&1 < /dev/null || STATUS=$?
	kill "$engine" 2> kill.log || :
	wait "$engine" || :
}

test_false_ptmx_is_not_opened()
{
	config '.mounts|=map(select(.destination|startswith("/dev")|not))'
	mkdir -p b/rootfs/dev/pts
	for fake in link fifo file device; do
		rm -f b/rootfs/dev/pts/ptmx
		case $fake in
		link) ln -s /dev/ptmx b/rootfs/dev/pts/ptmx ;;
		fifo) mkfifo b/rootfs/dev/pts/ptmx ;;
		file) : > b/rootfs/dev/pts/ptmx ;;
		device) mknod b/rootfs/dev/pts/ptmx c 5 2 ;;
		esac
		id_new
		hind_by with_console timeout 20 -- create --bundle "$BUNDLE" --console-socket "$PWD/s" "$ID"
		expect_eq 1 "$STATUS" "$fake: status"
		expect_match 'process\.terminal: .*devpts' "$(cat out)" "$fake"
		expect_eq '' "$(cat console.log)" "$fake: what the engine got"
	done
}

# Somebody who shares the volume under /dev swaps pts and console for links to the host while containers start.
race() # ROUNDS
{
	mkdir vol vol/pts host
	echo untouched > host/file
	mkdir host/pts
	ln -s "$PWD/host/pts" vol/pts.link
	: > vol/console
	ln -s "$PWD/host/file" vol/console.link
	config ".mounts|=map(if .destination==\"/dev\" then {destination:\"/dev\",type:\"bind\",source:\"$PWD/vol\",options:[\"rbind\"]} else . end)"
	config '.mounts|=map(select(.destination!="/dev/shm" and .destination!="/dev/mqueue"))'
	args sh -c 'cat /proc/self/mountinfo'
	racer=$(dirname "$PAYLOAD")/racer
	"$racer" vol/pts vol/pts.link &
	one=$!
	"$racer" vol/console vol/console.link &
	two=$!
	# Each round would wait for systemd, which has no part in it.
	[ -z "${CGROUP_MANAGER:-}" ] || CGROUP_MANAGER=cgroupfs
	round=0
	started=0
	while [ "$round" -lt "$1" ]; do
		id_new
		hind_by with_console timeout 20 -- create --bundle "$BUNDLE" --console-socket "$PWD/s" "$ID"
		if [ "$STATUS" -eq 0 ]; then
			started=$((started + 1))
			pid=$(pid_of "$ID")
			! grep -E ' /dev/console ' "/proc/$pid/mountinfo" | grep -vq ' - devpts ' || fail 'something else is on /dev/console'
			expect_status 0 hind delete --force "$ID"
		fi
		expect_eq untouched "$(cat host/file)" 'file of the host'
		expect_eq 'file pts' "$(ls host | tr '\n' ' ' | sed 's/ $//')" 'directory of the host'
		expect_eq '' "$(ls host/pts)" 'directory of the host'
		round=$((round + 1))
	done
	kill "$one" "$two"
	wait "$one" "$two" || :
	note "$started of $1 containers started"
}

test_swapped_names_lead_nowhere()
{
	race 50
}

# timeout: 600
long_swapped_names_lead_nowhere()
{
	race 2000
}
