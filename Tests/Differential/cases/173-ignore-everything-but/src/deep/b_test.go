src/deep/b_test.go
