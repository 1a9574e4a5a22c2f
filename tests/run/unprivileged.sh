# hind of a user without privileges, as engines call it: as root of a user namespace of that user's

# Makes ./xdg the user's directory, and $BUNDLE what such a user can have: its own id, no groups, no devpts with gid 5.
setup()
{
	need_root 'root calls it without rights here'
	setpriv --reuid 1000 --regid 1000 --clear-groups test -x "$PWD" || skip 'user 1000 cannot come here'
	bundle_new b '.linux.namespaces|=map(select(.type!="user"))' '(.mounts[]|select(.type=="devpts")|.options)-=["gid=5"]'
	cp "$HIND" hind
	mkdir -m 700 xdg
	chown -R 1000:1000 xdg b
	args sh -c 'cat /proc/self/cgroup'
	id_new
}

mapped() # ARG...: hind as root of a user namespace that user 1000 has made
{
	setpriv --reuid 1000 --regid 1000 --clear-groups unshare --user --map-root-user \
		env --unset USER XDG_RUNTIME_DIR="$PWD/xdg" ./hind "$@"
}

test_its_directory_is_the_users()
{
	args sh -c 'sleep 0.5'
	mapped run --bundle "$BUNDLE" "$ID" &
	wait_for test -d "xdg/hind/$ID"
	expect_eq 1000 "$(stat -c %u xdg/hind)"
	wait
	expect_eq '' "$(ls xdg/hind)"
	# Somebody who has logged in as root of a container with a user namespace.
	expect_error 'mkdir /run/hind|/run/hind.*permission denied' setpriv --reuid 1000 --regid 1000 --clear-groups unshare --user --map-root-user \
		env USER=root XDG_RUNTIME_DIR="$PWD/xdg" ./hind run --bundle "$BUNDLE" "$ID"
}

test_it_stays_in_the_callers_cgroups()
{
	config '.linux.namespaces|=map(select(.type!="cgroup"))'
	expect_status 0 mapped run --bundle "$BUNDLE" "$ID"
	expect_eq "$(cat /proc/self/cgroup)" "$OUTPUT"
	expect_eq '' "$ERROR"
}

test_it_sees_the_callers_cgroups_and_cannot_write()
{
	args sh -c 'grep " /sys/fs/cgroup" /proc/self/mountinfo; find /sys/fs/cgroup -name cgroup.procs | head -n 1'
	for _filter in . '.linux.namespaces|=map(select(.type!="cgroup"))'; do
		config "$_filter" '.mounts|=map(select(.destination!="/sys/fs/cgroup"))+[{destination:"/sys/fs/cgroup",type:"cgroup",source:"cgroup",options:["rw"]}]'
		expect_status 0 mapped run --bundle "$BUNDLE" "$ID"
		expect_match cgroup.procs "$OUTPUT"
		expect_no_match ' /sys/fs/cgroup[^ ]* rw' "$OUTPUT"
	done
}

test_rules_of_devices_are_the_kernels_own()
{
	config '.linux.resources={devices:[{allow:false,access:"rwm"}]}'
	args sh -c ': > /dev/null && echo written'
	expect_status 0 mapped run --bundle "$BUNDLE" "$ID"
	expect_eq written "$OUTPUT"
}

test_a_limit_is_refused()
{
	config '.linux.resources={memory:{limit:67108864}}'
	expect_error 'linux\.resources\.memory\.limit: user 0 may not make the cgroup /sys/fs/cgroup' \
		mapped run --bundle "$BUNDLE" "$ID"
	expect_eq '' "$(ls xdg/hind)"
}

test_life()
{
	args sh -c 'while :; do sleep 0.1; done'
	mapped create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null || fail "$(cat log)"
	[ -d "xdg/hind/$ID" ] || fail 'nothing is recorded'
	# Another namespace of the same user's has no power over what is in the first one: so all as root from here.
	HIND_ROOT=$PWD/xdg/hind
	hind start "$ID"
	expect_eq running "$(status_of "$ID")"
	expect_error 'no cgroup of its own, so it cannot be paused' hind pause "$ID"
	hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	hind delete "$ID"
	expect_eq '' "$(ls xdg/hind)"
}
