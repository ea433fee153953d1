package main

var checks = []check{
	{"status names a leader and an etcd 3 version", status},
	{"auto-sync ends with endpoints that answer", autoSync},
	{"put, get, count, sort, limit and delete over a prefix", keyValue},
	{"a read at an older revision sees what was there", oldRevision},
	{"a transaction compares, then does one branch whole", transaction},
	{"a lease is kept alive, tells its keys and takes them along when revoked", lease},
	{"a lease that nobody keeps runs out", leaseExpiry},
	{"an unknown lease and an empty key are refused in etcd's words", leaseErrors},
	{"a watch sees puts and deletes once and in order, from the revision asked for", watch},
	{"a watch tells the previous value when asked, and filters", watchOptions},
	{"several watches share a stream and are cancelled one by one", watchCancel},
	{"a watch delivers progress when asked", watchProgress},
	{"compaction refuses older reads, and an older watch says from where to go on", compaction},
	{"a session holds a mutex and loses it when closed", mutex},
}
