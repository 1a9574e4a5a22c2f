# CVE-2021-30465: between check and mount, a destination on a shared volume became a link to a directory of the host; a later
# source was then read through what had been mounted there. HIND_ROUNDS: how often (100).
# timeout: 600
# covers: mount

test_exchanged_destination_leads_nowhere()
{
	mkdir -p vol/target host
	echo host > host/file
	ln -s "$PWD/host" vol/link
	bundle_new b '.root.readonly=false' ".mounts+=[
		{destination:\"/vol\",type:\"bind\",source:\"$PWD/vol\",options:[\"rbind\"]},
		{destination:\"/vol/target\",type:\"tmpfs\",source:\"tmpfs\"},
		{destination:\"/got\",type:\"bind\",source:\"$PWD/host\",options:[\"rbind\"]}]"
	args sh -c 'cat /got/file; ls /got'
	before=$(cat /proc/self/mountinfo)
	"$(dirname "$PAYLOAD")/racer" vol/target vol/link &
	racer=$!
	round=0
	started=0
	while [ "$round" -lt "${HIND_ROUNDS:-100}" ]; do
		capture run
		if [ "$STATUS" -eq 0 ]; then
			started=$((started + 1))
			expect_eq "host
file" "$OUTPUT" "round $round: the host's directory"
		else
			# To see through it and refuse is fine; a source that has become another is not.
			expect_match ' at /vol/target ' "$ERROR" "round $round"
		fi
		round=$((round + 1))
	done
	kill "$racer"
	wait "$racer" || :
	note "$started of $round started"
	[ "$started" -gt 0 ] || fail 'no container ever started'
	expect_eq file "$(ls -A host)"
	expect_eq "$before" "$(cat /proc/self/mountinfo)" 'mounts of the host'
}
