# CVE-2018-10892: /proc/acpi and other files of the host's hardware and keys were there to be read and written by default.
# covers: mask

# What podman and docker hide, and what they make read-only.
HIDDEN='/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi
	/proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware'
READ_ONLY='/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger'

expect_lists() # JSON
{
	for path in $HIDDEN; do
		expect_eq true "$(printf '%s' "$1" | jq --arg path "$path" '.linux.maskedPaths|index($path)!=null')" "$path is hidden"
	done
	for path in $READ_ONLY; do
		expect_eq true "$(printf '%s' "$1" | jq --arg path "$path" '.linux.readonlyPaths|index($path)!=null')" "$path is read-only"
	done
}

test_lists_of_spec_and_of_the_shortcut()
{
	bundle_new b
	expect_lists "$(cat b/config.json)"
	expect_status 0 hind run --dry-run NOIMG true
	expect_lists "$OUTPUT"
}

test_they_are_hidden()
{
	bundle_new b
	# shellcheck disable=SC2016
	args sh -c 'for path in "$@"; do [ ! -e "$path" ] || if [ -d "$path" ]; then ls -A "$path"; else cat "$path"; fi; done' sh $HIDDEN
	expect_status 0 run
	expect_eq '' "$OUTPUT"
	# shellcheck disable=SC2016
	args sh -c 'for path in "$@"; do [ ! -e "$path" ] || grep -q " $path ro," /proc/self/mountinfo || echo "$path"; done' sh $READ_ONLY
	expect_status 0 run
	expect_eq '' "$OUTPUT" 'what is not read-only'
}
