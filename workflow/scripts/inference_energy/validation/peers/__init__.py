"""Other methods, each as its authors published it; `peer` says what one is."""
