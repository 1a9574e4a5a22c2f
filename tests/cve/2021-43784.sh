# CVE-2021-43784: mappings of more than 64 KiB overflowed the length of a message of the runtime to itself, and what followed was read
# as other settings of the namespaces.
# covers: userns

test_large_maps_and_environment()
{
	bundle_new b '.linux.namespaces+=[{type:"user"}]'
	# 340 mappings are what the kernel takes; in text, a page of them at most.
	jq '.linux.uidMappings=[range(170)|{containerID:(.*2),hostID:(100000+.*3),size:1}]|.linux.gidMappings=.linux.uidMappings
		|(.mounts[]|select(.type=="devpts")|.options)-=["gid=5"]|.process.env+=[range(3000)|"VARIABLE_\(.)=0 0 4294967295 0 0 4294967295"]' b/config.json > new.json
	mv new.json b/config.json
	# shellcheck disable=SC2016
	args sh -c 'wc -l < /proc/self/uid_map; head -n 1 /proc/self/uid_map; env | grep -c "^VARIABLE_"; readlink /proc/self/ns/user'
	chmod 755 . b
	expect_status 0 run
	expect_match '^170$' "$OUTPUT"
	expect_match '^ +0 +100000 +1$' "$OUTPUT"
	expect_match '^3000$' "$OUTPUT"
	expect_no_match "$(readlink /proc/self/ns/user | tr -d '[]')" "$(printf '%s' "$OUTPUT" | tr -d '[]')"
}

test_more_than_the_kernel_takes_is_refused()
{
	bundle_new b '.linux.namespaces+=[{type:"user"}]' \
		'.linux.uidMappings=[range(5000)|{containerID:(.*2),hostID:(100000+.*3),size:1}]' '.linux.gidMappings=[{containerID:0,hostID:1,size:1}]'
	expect_refused '\.linux\.uidMappings: 5000 mappings, and the kernel takes 340'
}
