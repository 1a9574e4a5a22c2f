# spec: the config.json to start from
# covers: ociVersion spec/--{bundle,file,rootless}

setup()
{
	mkdir b
	to_user b
	hind spec --bundle b
	BUNDLE=$PWD/b
}

test_is_valid()
{
	expect_status 0 hind validate b
	expect_eq '' "$OUTPUT$ERROR"
	expect_status 0 hind --strict validate b
	expect_eq 1.3.0 "$(jq -r .ociVersion b/config.json)"
}

test_goes_to_the_working_directory()
{
	mkdir c
	to_user c
	cd c
	expect_status 0 hind spec
	jq -e .process.args config.json
}

test_another_file()
{
	expect_status 0 hind spec --bundle b --file other.json
	expect_status 0 hind spec -f "$PWD/absolute.json"
	cmp b/config.json b/other.json
	cmp b/config.json absolute.json
	expect_error '^hind: b/other.json exists: remove it first' hind spec -b b -f other.json
	expect_error '^hind: create /nowhere/x: no such file' hind spec -f /nowhere/x
}

test_does_not_overwrite()
{
	before=$(cksum < b/config.json)
	expect_error 'exists' hind spec --bundle b
	expect_eq "$before" "$(cksum < b/config.json)"
}

test_runs_as_it_stands_on_a_terminal()
{
	rootfs_new b/rootfs
	id_new
	echo 'echo $((6 * 7)); exit' > input
	expect_status 0 hind_pty run --bundle b "$ID" < input
	expect_match '^42' "$OUTPUT"
}

test_masks_what_engines_mask()
{
	for path in /proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats \
		/proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
		jq -e --arg p "$path" '.linux.maskedPaths|index($p)' b/config.json > out || fail "$path is not masked"
	done
	for path in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do
		jq -e --arg p "$path" '.linux.readonlyPaths|index($p)' b/config.json > out || fail "$path is not read-only"
	done
}

test_gives_few_capabilities_and_none_to_inherit()
{
	expect_eq 0 "$(jq '.process.capabilities|(.inheritable // [])+(.ambient // [])|length' b/config.json)"
	expect_eq true "$(jq '.process.capabilities.bounding|index("CAP_SYS_ADMIN")==null' b/config.json)"
	expect_eq true "$(jq .process.noNewPrivileges b/config.json)"
}

test_has_the_namespaces()
{
	for type in pid network ipc uts mount; do
		jq -e --arg t "$type" '[.linux.namespaces[].type]|index($t)' b/config.json > out || fail "no $type namespace"
	done
}

test_rootless()
{
	mkdir r
	to_user r
	expect_status 0 hind spec --rootless --bundle r
	expect_status 0 hind validate r
	jq -e '[.linux.namespaces[].type]|index("user")' r/config.json
	expect_eq 1 "$(jq '.linux.uidMappings|length' r/config.json)"
	expect_eq null "$(jq '.linux.resources' r/config.json)"
}
