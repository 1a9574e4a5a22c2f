# The CPU quota of the shortcut holds a busy loop back.
# alone
# covers: run/--{cpu-period-us,cpu-quota-us}

test_quota_holds_a_busy_loop_at_a_fifth()
{
	rootfs_new img
	id_new
	expect_status 0 hind run --name "$ID" --cpu-quota-us=20000 --cpu-period-us=100000 img payload burn 3000
	note "CPU time in 3000 ms: $OUTPUT ms"
	[ "$OUTPUT" -ge 300 ] && [ "$OUTPUT" -le 900 ] || fail "wanted about 600 ms of CPU in 3000 ms, got $OUTPUT"
}
