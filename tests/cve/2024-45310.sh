# CVE-2024-45310: directories and files for mount points were made on the host, when a directory of a shared volume became a link
# while the path was walked. HIND_ROUNDS: how often (100).
# timeout: 600
# covers: mount

race() # DESTINATION_JSON
{
	mkdir -p vol/a host
	: > file
	ln -s "$PWD/host" vol/link
	bundle_new b '.root.readonly=false' ".mounts+=[{destination:\"/vol\",type:\"bind\",source:\"$PWD/vol\",options:[\"rbind\"]},$1]"
	args true
	"$(dirname "$PAYLOAD")/racer" vol/a vol/link &
	racer=$!
	round=0
	started=0
	while [ "$round" -lt "${HIND_ROUNDS:-100}" ]; do
		capture run
		[ "$STATUS" -ne 0 ] || started=$((started + 1))
		expect_eq '' "$(ls -A host)" "round $round: what was made on the host"
		rm -rf vol/a/deep vol/link/deep 2> rm.log || :
		round=$((round + 1))
	done
	kill "$racer"
	wait "$racer" || :
	note "$started of $round started"
	[ "$started" -gt 0 ] || fail 'no container ever started'
}

test_directories()
{
	race '{destination:"/vol/a/deep/er/mount",type:"tmpfs",source:"tmpfs"}'
}

test_files()
{
	race "{destination:\"/vol/a/deep/file\",type:\"bind\",source:\"$PWD/file\",options:[\"bind\"]}"
}
