aurea --version
