# CVE-2019-5736: a container opened the runtime that had entered it by /proc/PID/exe, and wrote into it once it had ended: the host's
# next container ran the attacker's program, as root.
# covers: launch_opts
# timeout: 120

# Everybody in the container's pid namespace may look at /proc/PID/exe of its init, and keep what it opens there.
ATTACK='for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
	for exe in /proc/[0-9]*/exe; do
		case $(readlink $exe) in /bin/*|"") continue ;; esac
		exec 9< $exe || continue
		echo "got $(readlink $exe)"
		for again in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			{ echo "#!/evil" > /proc/self/fd/9; } 2> /dev/null && echo written && exit
			usleep 1000
		done
		exec 9<&-
	done
	usleep 5000
done'

setup()
{
	cp "$HIND" hind
	before=$(sha256sum < hind)
	bundle_new b '.root.readonly=false'
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

# The image names the runtime itself as the interpreter of its program.
test_program_that_is_the_runtime()
{
	args sh -c "$ATTACK"
	create
	expect_status 0 hind start "$ID"
	pid=$(pid_of "$ID")
	printf '#!/proc/self/exe\n' > b/rootfs/bin/entry
	chmod 755 b/rootfs/bin/entry
	config ".linux.namespaces|=map(if .type==\"pid\" then .path=\"/proc/$pid/ns/pid\" else . end)"
	args /bin/entry
	for round in 1 2 3 4 5 6 7 8 9 10; do
		capture own run --bundle "$BUNDLE" "$ID-$round"
	done
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
