from tools import vendor


def test_vendored_files_are_those_that_were_listed() -> None:
    assert list(vendor.problems()) == []
