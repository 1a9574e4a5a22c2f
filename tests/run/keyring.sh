# The session keyring: the caller's keys stay outside. Numbers of keyctl(2) are the same everywhere; that of the call is not.

setup()
{
	case $(uname -m) in
	x86_64) KEYCTL=250 ;;
	aarch64 | riscv64) KEYCTL=219 ;;
	*) skip "the number of keyctl(2) on $(uname -m) is not known here" ;;
	esac
	[ "$("$PAYLOAD" syscall "$KEYCTL" 0 -3 1)" != 'errno 38' ] || skip 'this kernel has no keyrings'
}

session() # the serial number of the session keyring, inside
{
	args payload syscall "$KEYCTL" 0 -3 0
	expect_status 0 run "$@"
	printf '%s\n' "$OUTPUT"
}

test_session_keyring_is_new()
{
	bundle_new b 'del(.linux.seccomp)'
	own=$("$PAYLOAD" syscall "$KEYCTL" 0 -3 1)
	first=$(session)
	expect_ne "$own" "$first" 'keyring'
	expect_no_match errno "$first"
}

test_it_is_named_after_the_container()
{
	bundle_new b
	config '.linux.maskedPaths=[]'
	run_sh 'cat /proc/keys'
	expect_match "keyring +_ses\\.$ID: " "$OUTPUT"
}

test_no_new_keyring_keeps_the_callers()
{
	bundle_new b
	own=$("$PAYLOAD" syscall "$KEYCTL" 0 -3 1)
	expect_eq "$own" "$(session --no-new-keyring)"
}
