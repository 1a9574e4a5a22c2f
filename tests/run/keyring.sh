# The session keyring: the caller's keys stay outside. Its name is seen in /proc/keys of who has it.

setup()
{
	[ -e /proc/keys ] || skip 'this kernel has no keyrings, or does not show them'
	bundle_new b '.linux.maskedPaths=[]'
}

test_keyring_is_the_containers_own()
{
	run_sh 'cat /proc/keys'
	expect_match "keyring +_ses\\.$ID: " "$OUTPUT"
}

test_keyring_of_a_user_namespace()
{
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
	run_sh 'cat /proc/keys'
	expect_match "keyring +_ses\\.$ID: " "$OUTPUT"
}

test_no_new_keyring_makes_none()
{
	args cat /proc/keys
	expect_status 0 run --no-new-keyring
	expect_no_match "_ses\\.$ID:" "$OUTPUT"
}
