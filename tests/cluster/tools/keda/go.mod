module model-api/tests/cluster/keda

go 1.24.0

require github.com/kedacore/keda/v2 v2.21.0
