module multicluster-apiserver/bench

go 1.26
