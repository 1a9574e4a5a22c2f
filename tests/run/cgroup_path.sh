# linux.cgroupsPath, and what is left of cgroups
# covers: linux.cgroupsPath annotation:run.oci.{systemd.subgroup,delegate-cgroup}
# covers: hind/--cgroup-manager

setup()
{
	cgroupfs_paths
}

any_controller()
{
	if cgroup_v2; then
		echo memory
	else
		sed -n 's/^[0-9]*:\([a-z][a-z]*\):.*/\1/p' /proc/self/cgroup | head -n 1
	fi
}

dir_of() # PATH: below the root of one hierarchy
{
	if cgroup_v2; then
		echo "/sys/fs/cgroup$1"
	else
		echo "/sys/fs/cgroup/$(any_controller)$1"
	fi
}

test_default_path()
{
	bundle_new b
	create
	expect_eq "$(dir_of "/hind/$ID")" "$(cgroup_dir "$(any_controller)" "$ID")"
	hind delete --force "$ID"
	[ ! -e "$(dir_of "/hind/$ID")" ] || fail 'the cgroup is left over'
}

test_absolute_path()
{
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-a/b/c\""
	create
	expect_eq "$(dir_of "/$PREFIX-a/b/c")" "$(cgroup_dir "$(any_controller)" "$ID")"
	hind delete --force "$ID"
	[ ! -e "$(dir_of "/$PREFIX-a")" ] || fail 'a cgroup above is left over'
}

test_all_controllers_are_joined()
{
	cgroup_v2 && skip 'v2 has one hierarchy'
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-all\""
	create
	sed 's/^[0-9]*:\([^:]*\):.*/\1/' /proc/self/cgroup > hierarchies
	while read -r hierarchy; do
		case $hierarchy in
		name=* | '') ;;
		*) expect_match ":$hierarchy:/$PREFIX-all\$" "$(cat "/proc/$(pid_of "$ID")/cgroup")" ;;
		esac
	done < hierarchies
}

test_cgroup_in_use_is_refused_and_left_alone()
{
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-used\""
	args sleep 1000
	create
	hind start "$ID"
	first=$ID
	expect_refused 'cgroup /sys/fs/cgroup.* exists already and process [0-9]+ lives in it'
	expect_eq running "$(status_of "$first")"
}

test_nested_cgroups_are_removed()
{
	bundle_new b
	create
	mkdir -p "$(cgroup_dir "$(any_controller)" "$ID")/x/y/z" "$(cgroup_dir "$(any_controller)" "$ID")/x/w"
	expect_status 0 hind delete --force "$ID"
	[ ! -e "$(dir_of "/hind/$ID")" ] || fail 'the cgroup is left over'
}

test_dots_are_refused()
{
	bundle_new b '.linux.cgroupsPath="/a/../b"'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.cgroupsPath: ".." would'
}

test_disabled()
{
	bundle_new b 'del(.linux.resources)'
	id_new
	expect_status 0 hind --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
}

test_annotations_of_cgroups_below()
{
	bundle_new b '.annotations={"run.oci.systemd.subgroup":"inner","run.oci.delegate-cgroup":"a/b"}'
	args true
	expect_status 0 run
	expect_match 'annotation run\.oci\.systemd\.subgroup has no effect with --cgroup-manager cgroupfs' "$ERROR"
	expect_match 'annotation run\.oci\.delegate-cgroup has no effect with --cgroup-manager cgroupfs' "$ERROR"
	config '.annotations={"run.oci.systemd.subgroup":""}'
	expect_status 0 run
	expect_eq '' "$ERROR" 'an empty one'
}

test_annotations_that_lead_elsewhere_are_refused()
{
	for word in run.oci.systemd.subgroup run.oci.delegate-cgroup; do
		for path in .. ../x a/../../b /a; do
			bundle_new "b-$(echo "$word$path" | tr / _)" ".annotations={\"$word\":\"$path\"}"
			expect_refused "config\.json:[0-9]+:[0-9]+: .*annotations\..*$word.*: (\"\.\.\" would lead|begins with a slash)"
		done
	done
	bundle_new ok '.annotations={"run.oci.systemd.subgroup":"a..b/..c"}'
	args true
	expect_status 0 run
}
