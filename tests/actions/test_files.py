"""What is said of files that came without words."""

from actions.files import FilesSent
from tests.actions.talking import run, said


async def test_files_without_words_are_kept_and_their_matter_is_asked_for() -> None:
    turn = await run(FilesSent(), said("/files_sent", "files_sent"))
    assert "people here will see them with your case" in turn.text
    assert turn.text.endswith("What is it about?")
    assert turn.payload("Return something") == "/return_start"
    assert turn.payload("Talk to a person") == "/talk_to_human"


async def test_inside_a_form_they_are_kept_and_the_forms_own_question_follows() -> None:
    turn = await run(FilesSent(), said("/files_sent", "files_sent", form="return_form"))
    assert turn.texts == ("Thanks, that's kept here with what you've told us.",)
    assert turn.buttons == ()
    assert turn.slots == {}
