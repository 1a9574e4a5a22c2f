# bash completion for hind(1)

_hind_ids()
{
	mapfile -t COMPREPLY < <(compgen -W "$(hind list -q 2> /dev/null)" -- "$1")
}

_hind_words() # CURRENT WORD...
{
	local current=$1
	shift
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current")
}

# The value of the option before the cursor; fails where it has none.
_hind_value() # OPTION CURRENT
{
	case $1 in
	--bundle | -b | --root | --workdir | -w | --image-path | --work-path) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	--config | --file | --process | -p | --log | --criu | --pid-file | --env-file | --console-socket | --pidfd-socket | --device | --volume | -v)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		;;
	--log-format) _hind_words "$2" text json ;;
	--format) _hind_words "$2" table json ;;
	--log-level) _hind_words "$2" error warning info debug ;;
	--cgroup-manager) _hind_words "$2" cgroupfs systemd disabled ;;
	--manage-cgroups-mode) _hind_words "$2" soft full strict ignore ;;
	--network-lock) _hind_words "$2" iptables nftables skip ;;
	--empty-ns) _hind_words "$2" network ;;
	--rootless) _hind_words "$2" auto true false ;;
	--network) _hind_words "$2" none host ;;
	--pid | --ipc | --uts | --cgroupns) _hind_words "$2" private host ;;
	--cap-add | --cap-drop | --cap)
		_hind_words "$2" ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN \
			DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN \
			MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP \
			SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO \
			SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
		;;
	--security-opt) _hind_words "$2" no-new-privileges seccomp=unconfined seccomp= apparmor= systempaths=unconfined ;;
	--ulimit)
		compopt -o nospace
		_hind_words "$2" as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= \
			rttime= sigpending= stack=
		;;
	--name | --hostname | --domainname | --entrypoint | --env | -e | --user | -u | --group-add | --umask | --mount | \
		--tmpfs | --shm-size | --memory | -m | --memory-limit-bytes | --memory-reservation | --memory-swap | \
		--memory-swappiness | --cpus | --cpu-quota-us | --cpu-period-us | --cpu-shares | --cpuset-cpus | \
		--cpuset-mems | --pids-limit | --cgroup-parent | --oom-score-adj | --sysctl | --annotation | --label | -l | \
		--preserve-fds | --cwd | --additional-gids | -g | --process-label | --apparmor | --cgroup | \
		--parent-path | --page-server | --status-fd | --lsm-profile | --lsm-mount-context)
		COMPREPLY=()
		;;
	*) return 1 ;;
	esac
}

_hind()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= i
	local globals='--root --log --log-format --log-level --debug --systemd-cgroup --cgroup-manager --criu --strict --rootless --version --help'
	local launch='--bundle --config --console-socket --pidfd-socket --pid-file --preserve-fds --no-pivot --no-new-keyring'
	local exec='--process --cwd --env --tty --user --additional-gids --detach --pid-file --console-socket --pidfd-socket
		--process-label --apparmor --no-new-privs --cap --preserve-fds --cgroup --ignore-paused --help'
	local run="$launch --detach --keep --interactive --tty --name --rm --dry-run --entrypoint --env --env-file --workdir --user
		--group-add --umask --hostname --domainname --no-overlay --read-only --volume --mount --tmpfs --shm-size --device
		--memory --memory-limit-bytes --memory-reservation --memory-swap --memory-swappiness --cpus --cpu-quota-us
		--cpu-period-us --cpu-shares --cpuset-cpus --cpuset-mems --pids-limit --cgroup-parent --oom-score-adj --ulimit
		--network --pid --ipc --uts --cgroupns --cap-add --cap-drop --security-opt --privileged --sysctl --annotation
		--label --help"

	local criu='--image-path --work-path --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode
		--empty-ns --network-lock --lazy-pages --auto-dedup --help'

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root | --log | --log-format | --log-level | --cgroup-manager | --rootless | --criu) i=$((i + 1)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	if [ -z "$command" ]; then
		_hind_value "$previous" "$current" && return
		case $current in
		-*) _hind_words "$current" "$globals" ;;
		*) _hind_words "$current" run create start exec state ps kill pause resume delete list update events mounts checkpoint restore spec validate features ;;
		esac
		return
	fi
	case $command in
	run | create | exec | checkpoint | restore) _hind_value "$previous" "$current" && return ;;
	update)
		case $previous in
		--resources | -r) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
		--*) COMPREPLY=() && return ;;
		esac
		;;
	events) [ "$previous" = --interval ] && _hind_words "$current" 500ms 1s 5s 1m && return ;;
	list | ps) [ "$previous" = -f ] && previous=--format && _hind_value "$previous" "$current" && return ;;
	esac
	case $command:$current in
	run:-*) _hind_words "$current" "$run" ;;
	run:*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -W NOIMG -- "$current" && compgen -d -- "$current")
		;;
	create:-*) _hind_words "$current" "$launch" --help ;;
	exec:-*) _hind_words "$current" "$exec" ;;
	ps:-*) _hind_words "$current" --format --help ;;
	checkpoint:-*)
		_hind_words "$current" "$criu" --parent-path --pre-dump --leave-running --tcp-skip-in-flight --link-remap --page-server \
			--status-fd
		;;
	restore:-*)
		_hind_words "$current" "$criu" --bundle --config --detach --console-socket --pidfd-socket --pid-file --lsm-profile \
			--lsm-mount-context
		;;
	kill:-*) _hind_words "$current" --all --regex --help ;;
	kill:*)
		if ((COMP_CWORD == i + 1)); then
			_hind_ids "$current"
		else
			_hind_words "$current" TERM KILL INT HUP QUIT USR1 USR2 STOP CONT
		fi
		;;
	delete:-*) _hind_words "$current" --force --regex --help ;;
	update:-*)
		_hind_words "$current" --resources --memory --memory-reservation --memory-swap --cpu-share --cpu-quota --cpu-period \
			--cpu-burst --cpu-idle --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems --pids-limit \
			--blkio-weight --l3-cache-schema --mem-bw-schema --help
		;;
	events:-*) _hind_words "$current" --interval --stats --help ;;
	list:-*) _hind_words "$current" --quiet --format --regex --help ;;
	mounts:*)
		if ((COMP_CWORD == i + 1)); then
			_hind_words "$current" add remove
		elif ((COMP_CWORD == i + 2)); then
			_hind_ids "$current"
		else
			compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$current")
		fi
		;;
	spec:-*) _hind_words "$current" --bundle --file --rootless --help ;;
	validate:-*) _hind_words "$current" --bundle --help ;;
	validate:*) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
	start:* | exec:* | state:* | ps:* | pause:* | resume:* | delete:* | update:* | events:* | checkpoint:*) _hind_ids "$current" ;;
	esac
}

complete -F _hind hind
