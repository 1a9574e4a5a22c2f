# CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867: /proc or /sys of the image is a link, and what is written or mounted there goes
# somewhere else. HIND_ROUNDS: how often the race is run (100).
# timeout: 600
# covers: mount

test_links_are_refused()
{
	for name in proc sys; do
		for target in /other other ../../../../../../other /bin; do
			bundle_new "b$name"
			rm -rf "b$name/rootfs/$name"
			mkdir "b$name/rootfs/other"
			ln -s "$target" "b$name/rootfs/$name"
			expect_error "at /$name \(.*\): must be mounted on ordinary directory" run
			expect_eq '' "$(ls -A "b$name/rootfs/other")" "what was made in /other"
			rm -rf "b$name"
		done
	done
}

test_files_are_refused()
{
	bundle_new b
	rmdir b/rootfs/proc
	: > b/rootfs/proc
	expect_error 'at /proc \(proc\): must be mounted on ordinary directory' run
}

# Bound or of any type, and however it is written.
test_other_mounts_there_are_refused_too()
{
	mkdir dir
	bundle_new b
	rmdir b/rootfs/proc
	ln -s /mnt b/rootfs/proc
	for entry in "{destination:\"/proc\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}" \
		'{destination:"//proc/.",type:"tmpfs",source:"tmpfs"}' '{destination:"proc",type:"proc",source:"proc"}'; do
		config ".mounts=[$entry]" '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
		expect_error 'must be mounted on ordinary directory' run
	done
}

test_missing_directories_are_made()
{
	bundle_new b '.root.readonly=false'
	rmdir b/rootfs/proc b/rootfs/sys
	run_sh 'stat -f -c %T /sys; readlink /proc/self/exe'
	expect_match '^sysfs$' "$OUTPUT"
	expect_match '^/bin/' "$OUTPUT"
}

# Whoever renames in the root file system while the container is made gets neither a procfs elsewhere nor one without masks.
test_exchanged_while_it_is_mounted()
{
	bundle_new b '.linux.maskedPaths=["/proc/keys"]' '.linux.readonlyPaths=["/proc/sys"]'
	mkdir b/rootfs/other
	ln -s other b/rootfs/link
	args sh -c 'cut -d" " -f4-6 /proc/self/mountinfo || cut -d" " -f4-6 /link/self/mountinfo'
	"$(dirname "$PAYLOAD")/racer" b/rootfs/proc b/rootfs/link &
	racer=$!
	round=0
	refused=0
	while [ "$round" -lt "${HIND_ROUNDS:-100}" ]; do
		capture run
		if [ "$STATUS" -ne 0 ] && [ -n "$ERROR" ] && [ -z "$OUTPUT" ]; then
			refused=$((refused + 1))
		else
			# The mount point is told by the name that it has now.
			expect_match '^/null /(proc|link)/keys ' "$OUTPUT" "round $round"
			expect_match '^/sys /(proc|link)/sys ro' "$OUTPUT" "round $round"
			expect_no_match ' /other' "$OUTPUT" "round $round"
		fi
		round=$((round + 1))
	done
	kill "$racer"
	wait "$racer" || :
	note "$refused of $round refused"
	[ "$refused" -lt "$round" ] || fail "no container ever started: $ERROR"
}
