# CVE-2019-5736: a container opened the runtime that had entered it by /proc/PID/exe, and wrote into it once it had ended: the host's
# next container ran the attacker's program, as root.
# covers: launch_opts
# timeout: 120

# Everybody in the container's pid namespace may look at /proc/PID/exe of its init, and keep what it opens there.
# A file that is closed to writing while it runs is not afterwards: so it tries again.
# shellcheck disable=SC2016
ATTACK='while :; do
	for exe in /proc/[0-9]*/exe; do
		case $(readlink $exe) in /bin/*|"") continue ;; esac
		command exec 9< $exe || continue
		echo "got $exe"
		for again in $(seq 500); do
			(echo "#!/evil" > /proc/self/fd/9) 2> /dev/null && echo written && exit
			usleep 1000
		done
		exec 9<&-
	done
	usleep 2000
done'

setup()
{
	cp "$HIND" hind
	before=$(sha256sum < hind)
	bundle_new b '.root.readonly=false'
	rootfs_own_programs b/rootfs
}

own() # ARG...: the copy that the attack is about
{
	./hind --root "$HIND_ROOT" "$@"
}

unharmed()
{
	expect_eq "$before" "$(sha256sum < hind)" "hind's own file"
	expect_status 0 own --version
}

# The image names the runtime itself as the interpreter of its program, which here waits for a reader's end: long enough to be
# opened by anybody.
test_program_that_is_the_runtime()
{
	args sh -c "$ATTACK"
	create
	expect_status 0 hind start "$ID"
	pid=$(pid_of "$ID")
	printf '#!/proc/self/exe --log\n' > b/rootfs/bin/entry
	chmod 755 b/rootfs/bin/entry
	mkfifo b/rootfs/fifo
	config ".linux.namespaces|=map(if .type==\"pid\" then .path=\"/proc/$pid/ns/pid\" else . end)"
	args /bin/entry validate /fifo
	own run --bundle "$BUNDLE" "$ID-entry" > entry.log 2>&1 < /dev/null &
	wait_for grep -q got container.log
	echo '{}' > b/rootfs/fifo
	wait $! || :
	sleep 1
	unharmed
	expect_no_match written "$(cat container.log)"
}

# While it sets up, and waits for `start`, nobody may look at it at all.
test_init_before_its_program()
{
	args sh -c "$ATTACK"
	create
	expect_status 0 hind start "$ID"
	pid=$(pid_of "$ID")
	config ".linux.namespaces|=map(if .type==\"pid\" then .path=\"/proc/$pid/ns/pid\" else . end)"
	args true
	[ -d "/proc/$pid" ] || fail "the attacker has ended: $(cat container.log)"
	for round in 1 2 3 4 5 6 7 8; do
		own create --bundle "$BUNDLE" "$ID-$round" > create.log 2>&1 < /dev/null || fail "$(cat create.log)"
		own start "$ID-$round"
		own delete --force "$ID-$round"
	done
	unharmed
	expect_no_match 'written|got' "$(cat container.log)"
}

# What would have been written to is no file of the host: a copy in memory, or a layer that cannot be written.
test_what_can_be_opened_cannot_be_written()
{
	printf '#!/proc/self/exe\n' > b/rootfs/bin/entry
	chmod 755 b/rootfs/bin/entry
	args /bin/entry
	capture own run --bundle "$BUNDLE" "$PREFIX-one"
	note "$STATUS $OUTPUT $ERROR"
	args sleep 1000
	id_new
	own create --bundle "$BUNDLE" "$ID" > create.log 2>&1 < /dev/null || fail "$(cat create.log)"
	exe=/proc/$(pid_of "$ID")/exe
	if (echo x >> "$exe") 2> denied; then
		fail "$(readlink "$exe") was written"
	fi
	own delete --force "$ID"
	unharmed
}
