void mf_placeholder(void); void mf_placeholder(void) {}
