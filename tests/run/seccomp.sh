# Seccomp: actions, operators, what the filter must not hit, and the cache of compiled filters.
# covers: linux.seccomp.{defaultAction,defaultErrnoRet,flags,architectures}
# covers: linux.seccomp.syscalls[].{names,action,errnoRet} linux.seccomp.syscalls[].args[].{index,value,valueTwo,op}
# covers: annotation:run.oci.seccomp_fail_unknown_syscall
# covers: seccomp, seccomp_compile, seccomp_number, seccomp_cache, default_seccomp

# The cases call getpriority(2), which nothing needs, by its number here.
setup()
{
	case $(uname -m) in
	x86_64) number=140 ;;
	aarch64) number=141 ;;
	*) skip "the number of getpriority on $(uname -m) is not known to this test" ;;
	esac
	bundle_new b
	args payload syscall "$number" 0 0
}

rule() # RULE_AS_JSON...: profile of these rules, everything else allowed
{
	config '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":['"$*"']}'
}

test_allowed_without_a_rule()
{
	rule '{"names":["nice"],"action":"SCMP_ACT_ERRNO"}'
	expect_status 0 run
	expect_eq 20 "$OUTPUT"
}

test_errno()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO"}'
	expect_status 0 run
	expect_eq 'errno 1' "$OUTPUT"
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":77}'
	expect_status 0 run
	expect_eq 'errno 77' "$OUTPUT"
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":0}'
	expect_status 0 run
	expect_eq '0' "$OUTPUT"
}

test_kill()
{
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
		rule '{"names":["getpriority"],"action":"'"$action"'"}'
		expect_status 159 run
		expect_eq '' "$OUTPUT" "$action"
	done
}

test_trace_without_a_tracer()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_TRACE"}'
	expect_status 0 run
	expect_eq 'errno 38' "$OUTPUT"
}

test_log_lets_it_pass()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_LOG"}'
	expect_status 0 run
	expect_eq 20 "$OUTPUT"
}

test_default_action()
{
	config '.linux.seccomp={"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":55,"syscalls":[{"names":["read","write","exit",
		"exit_group","execve","brk","mmap","munmap","mprotect","arch_prctl","set_tid_address","set_robust_list","rseq","prlimit64",
		"readlink","readlinkat","getrandom","newfstatat","fstat","ioctl","futex","close","uname","capset","capget","prctl",
		"setresuid","setresgid","sendto","sendmsg","recvfrom","recvmsg","poll","ppoll","accept4","close_range","fcntl","rt_sigaction",
		"rt_sigprocmask","rt_sigreturn","shutdown","getpid"],"action":"SCMP_ACT_ALLOW"}]}'
	expect_status 0 run
	expect_eq 'errno 55' "$OUTPUT"
}

compare() # OP VALUE [VALUE_TWO]: is getpriority(which = 1) refused by this condition on its first argument?
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":77,"args":[{"index":0,"value":'"$2"',"valueTwo":'"${3:-0}"',"op":"SCMP_CMP_'"$1"'"}]}'
	args payload syscall "$number" 1 0
	expect_status 0 run
	case $OUTPUT in
	'errno 77') echo yes ;;
	*) echo no ;;
	esac
}

test_operators()
{
	for row in 'EQ 1 yes' 'EQ 2 no' 'NE 1 no' 'NE 2 yes' 'LT 2 yes' 'LT 1 no' 'LE 1 yes' 'LE 0 no' 'GE 1 yes' 'GE 2 no' 'GT 0 yes' 'GT 1 no'; do
		# shellcheck disable=SC2086
		set -- $row
		expect_eq "$3" "$(compare "$1" "$2")" "1 $1 $2"
	done
	expect_eq yes "$(compare MASKED_EQ 3 1)" '1 & 3 == 1'
	expect_eq no "$(compare MASKED_EQ 3 2)" '1 & 3 == 2'
}

test_all_conditions_of_one_rule_must_hold()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":77,"args":[
		{"index":0,"value":0,"op":"SCMP_CMP_EQ"},{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]}'
	expect_status 0 run
	expect_eq 20 "$OUTPUT"
	args payload syscall "$number" 0 9
	expect_status 0 run
	expect_eq 'errno 77' "$OUTPUT"
}

test_numbers_of_64_bits()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":77,"args":[{"index":2,"value":1,"op":"SCMP_CMP_EQ"}]}'
	sed -i 's/"value": 1,/"value": 18446744073709551615,/' b/config.json
	args payload syscall "$number" 0 0 18446744073709551615
	sed -i 's/"value": 18446744073709552000,/"value": 18446744073709551615,/' b/config.json
	expect_status 0 run
	expect_eq 'errno 77' "$OUTPUT"
}

test_unknown_system_call_is_skipped()
{
	rule '{"names":["no_such_call","getpriority"],"action":"SCMP_ACT_ERRNO"}'
	expect_status 0 run
	expect_eq 'errno 1' "$OUTPUT"
}

test_unknown_system_call_is_an_error_where_that_is_asked_for()
{
	rule '{"names":["no_such_call","getpriority"],"action":"SCMP_ACT_ERRNO"}'
	config '.annotations={"run.oci.seccomp_fail_unknown_syscall":"1"}'
	expect_refused 'no_such_call'
	config '.annotations={"run.oci.seccomp_fail_unknown_syscall":"0"}'
	expect_status 0 run
}

test_another_architecture_of_the_machine()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO"}'
	config '.linux.seccomp.architectures=["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32","SCMP_ARCH_AARCH64","SCMP_ARCH_ARM"]'
	expect_status 0 run
	expect_eq 'errno 1' "$OUTPUT"
}

test_flags()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO"}'
	config '.linux.seccomp.flags=["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_TSYNC"]'
	expect_status 0 run
	expect_eq 'errno 1' "$OUTPUT"
	config '.linux.seccomp.flags=["SECCOMP_FILTER_FLAG_BOGUS"]'
	expect_refused '\.linux\.seccomp\.flags\[0\]: '
}

test_with_and_without_new_privileges()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO"}'
	for privileges in true false; do
		config ".process.noNewPrivileges=$privileges" '.process.user={"uid":1000,"gid":1000}'
		expect_status 0 run
		expect_eq 'errno 1' "$OUTPUT" "noNewPrivileges=$privileges"
	done
	args payload status Seccomp CapEff NoNewPrivs
	expect_status 0 run
	expect_match '^Seccomp:.2' "$OUTPUT"
	expect_match '^CapEff:.0000000000000000' "$OUTPUT"
	expect_match '^NoNewPrivs:.0' "$OUTPUT"
}

test_no_filter_without_a_profile()
{
	args payload status Seccomp
	expect_status 0 run
	expect_match '^Seccomp:.0' "$OUTPUT"
}

test_compiled_filter_is_kept_and_still_right()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":60}'
	expect_status 0 run
	kept=$(find "$HIND_ROOT/.seccomp" -type f | wc -l)
	[ "$kept" -ge 1 ] || fail "nothing was kept in $HIND_ROOT/.seccomp"
	expect_eq 700 "$(stat -c %a "$HIND_ROOT/.seccomp")" 'mode of the directory'
	expect_status 0 run
	expect_eq 'errno 60' "$OUTPUT" 'by the kept filter'
	expect_eq "$kept" "$(find "$HIND_ROOT/.seccomp" -type f | wc -l)" 'files kept'
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":61}'
	expect_status 0 run
	expect_eq 'errno 61' "$OUTPUT" 'another profile'
}

test_kept_filter_that_was_damaged_is_not_used()
{
	rule '{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":60}'
	expect_status 0 run
	for how in 'truncate -s 8' 'truncate -s 0' 'dd if=/dev/zero conv=notrunc bs=16 count=1 of='; do
		find "$HIND_ROOT/.seccomp" -type f | while read -r file; do
			case $how in
			dd*) $how"$file" 2> dd.log ;;
			*) $how "$file" ;;
			esac
		done
		expect_status 0 run
		expect_eq 'errno 60' "$OUTPUT" "after $how"
	done
}
