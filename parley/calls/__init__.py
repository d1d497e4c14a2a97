"""What REST calls do, one module a noun: ask the domain, present its answer."""
