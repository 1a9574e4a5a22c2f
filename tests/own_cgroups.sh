# shellcheck shell=dash
# Cgroups of its own for what runs other people's programs: all that they make lies below one cgroup, which goes at the end, and
# nothing that they could remove is anybody else's. For tests/engines and tests/validation; sourced, with
#	SESSION	a directory; its file `cgroups` keeps which hierarchies there are
#	CGROUP	the name of the new cgroup, the same in each of them
# The init of the new pid and mount namespaces calls cgroup_enter, and after unshare --cgroup cgroup_mount; remove_cgroups is for
# who started them.

cgroup_mounts() # prints "PATH TYPE OPTIONS" of the machine's hierarchies
{
	awk '{
		for (i = 7; $i != "-"; i++) continue
		if ($(i + 1) !~ /^cgroup2?$/) next
		n = split($(i + 3), option, ","); kept = ""
		for (o = 1; o <= n; o++)
			if (option[o] !~ /^(rw|ro|xattr|noprefix|clone_children|cpuset_v2_mode|nsdelegate|memory_.*|release_agent=.*)$/)
				kept = kept (kept == "" ? "" : ",") option[o]
		print $5, $(i + 1), kept == "" ? "-" : kept
	}' /proc/self/mountinfo
}

# v2: one that cannot be passed down (cpu, with realtime processes about) is missing for both runtimes alike.
cgroup_pass_down()
{
	for _controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
		echo "+$_controller" > /sys/fs/cgroup/cgroup.subtree_control || :
	done
}

# Makes the cgroup in each hierarchy and enters it with init, which nothing may find elsewhere.
cgroup_enter()
{
	cgroup_mounts > "$SESSION/cgroups"
	while read -r _dir _type _options; do
		_new=$_dir/$CGROUP
		mkdir "$_new"
		[ "$_dir" != /sys/fs/cgroup ] || cgroup_pass_down
		if [ -e "$_new/cpuset.cpus" ] && [ "$_type" = cgroup ]; then
			cat "$_dir/cpuset.cpus" > "$_new/cpuset.cpus"
			cat "$_dir/cpuset.mems" > "$_new/cpuset.mems"
		fi
		echo 1 > "$_new/cgroup.procs"
		echo $$ > "$_new/cgroup.procs"
	done < "$SESSION/cgroups"
}

# In the new cgroup namespace: the same hierarchies once more, from the session's cgroup down. A sysfs shows the network
# devices of who mounted it.
cgroup_mount()
{
	umount --recursive --lazy /sys
	mount -t sysfs sysfs /sys
	grep -q '^/sys/fs/cgroup cgroup2 ' "$SESSION/cgroups" || mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
	while read -r _dir _type _options; do
		mkdir -p "$_dir"
		[ "$_options" = - ] && set -- || set -- -o "$_options"
		mount -t "$_type" "$@" cgroup "$_dir"
	done < "$SESSION/cgroups"
	# cgroup v2 gives controllers to children only where no process is beside them.
	if cgroup_v2; then
		mkdir /sys/fs/cgroup/session
		echo 1 > /sys/fs/cgroup/session/cgroup.procs
		echo $$ > /sys/fs/cgroup/session/cgroup.procs
		cgroup_pass_down
	fi
}

remove_cgroups() # PREFIX: what the sessions made; a process that was killed needs a moment to go
{
	for try in 1 2 3 4 5 6 7 8 9 10; do
		find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "$1*" -exec find {} -depth -type d -delete \; 2> /dev/null || :
		[ -n "$(find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "$1*" 2> /dev/null)" ] || return 0
		sleep "0.$try"
	done
	echo "# cgroups named $1* cannot be removed"
}
