module multicluster.io/programs/leash

go 1.20
