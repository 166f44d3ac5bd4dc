from actions.backends import errors


def test_every_error_has_a_plain_sentence_and_an_outcome_for_the_package() -> None:
    for system in errors.SYSTEM_NAMES:
        for kind in (errors.CompanyDown, errors.CompanySlow, errors.CompanyConfused):
            error = kind(system)
            assert error.sentence.endswith(".")
            assert str(error) == error.sentence
            assert error.outcome in {"failed", "timeout"}


def test_codes_tell_the_kinds_apart() -> None:
    kinds = (errors.CompanyDown, errors.CompanySlow, errors.CompanyConfused, errors.NotFound, errors.Invalid)
    assert len({kind.code for kind in kinds}) == len(kinds)
