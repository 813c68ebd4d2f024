"""Every lesson keeps every rule of its anatomy; and every rule catches a lesson that breaks it."""

import copy
import re
from pathlib import Path

import anatomy
import nbformat
import pytest
from anatomy import LAST, LONGEST_CELL, RULES, SECTIONS, SHORT_SECTIONS, Lesson, stated

from lbcore.lab.student.exercises import known

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "lessons").glob("[0-9]*.ipynb"))

EXERCISE = known()["02-two-choices"]
STUB = EXERCISE.stub
FOLDS = (
    "<details><summary>Hint</summary>\n\nCount.\n\n</details>\n\n"
    "<details><summary>Expected picture</summary>\n\nFlat.\n\n</details>\n\n"
    f"<details><summary>Solution</summary>\n\n```python\n{EXERCISE.fold}\n```\n\n</details>"
)
ENDING = "See `random;` in NGINX, and [the solutions](solutions/02_random.py). **Read on:** Somebody 1994."


def test_there_are_lessons_and_their_numbers_differ():
    numbers = [Lesson(path, ROOT).number for path in LESSONS]
    assert numbers and numbers == sorted(set(numbers))
    executed = sorted((ROOT / "lessons" / "executed").glob("*.ipynb"))
    assert [path.name for path in executed] == [path.name for path in LESSONS]


def test_the_readme_lists_these_lessons_and_their_minutes():
    rows = re.findall(r"^\| (\d\d) \| .+ \| (\d+) \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = [
        (f"{one.number:02}", str(one.notebook.metadata.lbcore.minutes))
        for one in (Lesson(path, ROOT) for path in LESSONS)
    ]
    assert rows == found


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson(path, name):
    assert list(RULES[name](Lesson(path, ROOT))) == []


def test_the_schedule_adds_up(capsys):
    """The class schedule, printed: minutes of each section of each lesson."""
    for path in LESSONS:
        lesson = Lesson(path, ROOT)
        minutes = {name: minute for name, minute in stated(lesson).items() if name != LAST}
        with capsys.disabled():
            listed = ", ".join(f"{name} {minute}" for name, minute in minutes.items() if minute)
            print(f"\n{path.stem}: {sum(minutes.values())} min ({listed})", end="")
        assert sum(minutes.values()) == lesson.notebook.metadata.lbcore.minutes


NOTE = "Wait for hands. First cell: `show(reference.Random)`."


def cell_of(source, *outputs, **metadata):
    made = nbformat.v4.new_code_cell(source)
    made.outputs = list(outputs)
    made.metadata.update(metadata)
    return made


def good_notebook():
    """A small lesson that keeps every rule."""
    new = nbformat.v4
    picture = new.new_output(
        "display_data", {"image/png": "iVBORw0KGgo="}, metadata={"image/png": {"alt": "Ten bars."}}
    )
    said = new.new_output("stream", name="stdout", text="The busiest of 10 nodes got 117 requests.\n")
    codes = {
        "By hand": [cell_of("show(reference.Random)")],
        "Predict": [cell_of('busiest = predict("how many?", low=1, high=2)')],
        "Play": [cell_of("balance(Random, nodes=slider(1, 10))", picture, said)],
        "Exercise": [cell_of(STUB, tags=["exercise"]), cell_of('check("02-two-choices", TwoChoices)')],
        "Quiz": [cell_of('quiz("02")')],
    }
    texts = {"Hint, expected picture, solution": FOLDS, "Takeaways": ENDING}
    book = new.new_notebook(metadata={"lbcore": {"minutes": 35}})
    book.cells.append(new.new_markdown_cell("# 02 · Random: how uneven is luck?\n*35 minutes.*"))
    for name in SECTIONS:
        opening = new.new_markdown_cell(f"## {name}\n\n{texts.get(name, '')}")
        told = {"By hand": 5, "Explain": 4, "Exercise": 10, "Play": 3, "Quiz": 3}.get(name, 2)
        opening.metadata["lbcore"] = {"minutes": told, "notes": NOTE}
        book.cells += [opening, *codes.get(name, [])]
    number_cells(book)
    return book


def number_cells(book):
    for count, cell in enumerate((cell for cell in book.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count


@pytest.fixture
def written(tmp_path):
    """Write a notebook as lesson 02 (or another name) of a small checkout."""
    solutions = tmp_path / "lessons" / "solutions"
    solutions.mkdir(parents=True)
    (tmp_path / "lessons" / "executed").mkdir()
    (solutions / "02_random.py").write_text(EXERCISE.solution, encoding="utf-8")

    def write(book, name="02_random.ipynb"):
        path = tmp_path / "lessons" / name
        nbformat.write(book, path.parent / "executed" / name)
        book = copy.deepcopy(book)
        for cell in book.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        nbformat.write(book, path)
        return Lesson(path, tmp_path)

    return write


def test_the_good_lesson_keeps_every_rule(written):
    lesson = written(good_notebook())
    assert {name: list(check(lesson)) for name, check in RULES.items()} == {name: [] for name in RULES}


def test_lesson_00_has_three_sections(written):
    book = good_notebook()
    keep, name = [book.cells[0]], ""
    for cell in book.cells[1:]:
        name = cell.source[3:].strip() if cell.source.startswith("## ") else name
        keep += [cell] if name.split("\n")[0] in SHORT_SECTIONS else []
    book.cells = keep
    book.cells[0].source = "# 00 · Start here"
    book.metadata.lbcore.minutes = 10
    for cell, minutes in zip([cell for cell in book.cells if "lbcore" in cell.metadata], (3, 5, 2), strict=True):
        cell.metadata.lbcore.minutes = minutes
    number_cells(book)
    lesson = written(book, "00_start_here.ipynb")
    assert {name: list(check(lesson)) for name, check in RULES.items()} == {name: [] for name in RULES}


def find(book, text):
    return next(cell for cell in book.cells if text in cell.source)


def replaced(text, new):
    def change(book):
        cell = find(book, text)
        cell.source = cell.source.replace(text, new)

    return change


def added(source, *outputs):
    def change(book):
        book.cells.append(cell_of(source, *outputs))
        number_cells(book)

    return change


def output_text(text):
    return added("1", nbformat.v4.new_output("execute_result", {"text/plain": text}, execution_count=1))


def change_picture(book, what):
    what(find(book, "balance(Random").outputs)


BREAKERS = [
    ("headings", replaced("## Explain", "## Theory")),
    ("headings", replaced("## Explain", "### Explain")),
    ("headings", lambda book: book.cells.insert(3, nbformat.v4.new_markdown_cell("## Play"))),
    ("title", replaced("# 02 ·", "# 03 ·")),
    ("title", lambda book: book.cells.insert(0, cell_of("import lbcore"))),
    ("minutes", lambda book: find(book, "## Play").metadata.lbcore.update(minutes=9)),
    ("minutes", lambda book: find(book, "## Play").metadata.lbcore.update(minutes="8")),
    ("minutes", lambda book: find(book, "## Play").metadata.lbcore.pop("minutes")),
    ("minutes", lambda book: find(book, "## Play").metadata.lbcore.pop("notes")),
    ("first_cell", lambda book: find(book, "## Quiz").metadata.lbcore.update(notes="Wait for hands.")),
    ("first_cell", lambda book: setattr(find(book, "show("), "source", "show(reference.RoundRobin)")),
    ("long_enough", lambda book: setattr(find(book, "## Play"), "source", "## Play\n" + "word " * 900)),
    ("minutes", lambda book: book.metadata.lbcore.update(minutes=30)),
    ("executed", lambda book: find(book, "show(").update(execution_count=None)),
    ("executed", lambda book: find(book, "quiz(").update(execution_count=99)),
    ("executed", added("1 / 0", nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue="", traceback=[]))),
    ("executed", added("warn()", nbformat.v4.new_output("stream", name="stderr", text="careful"))),
    ("executed", added("1", nbformat.v4.new_output("execute_result", {"text/plain": "1"}, execution_count=77))),
    ("short_cells", added("\n".join(["1"] * (LONGEST_CELL + 1)))),
    ("short_cells", added("def f(): pass")),
    ("short_cells", added("class A: pass")),
    ("short_cells", added("widgets.VBox([])")),
    ("short_cells", added("import matplotlib.pyplot as plot")),
    ("short_cells", added("%matplotlib inline")),
    ("short_cells", added("")),
    ("pictures_have_words", lambda book: change_picture(book, lambda outputs: outputs[0].metadata.clear())),
    ("pictures_have_words", lambda book: change_picture(book, lambda outputs: outputs.pop())),
    ("pictures_have_words", lambda book: change_picture(book, lambda outputs: outputs[1].update(text="<Figure>\n"))),
    ("pictures_have_words", replaced("## Explain", '## Explain\n<img src="a.png">')),
    ("pictures_have_words", replaced("## Explain", "## Explain\n![](a.png)")),
    (
        "pictures_have_words",
        added("1", nbformat.v4.new_output("display_data", {"text/html": '<img alt="ten bars" src="data:,">'})),
    ),
    ("parts", replaced("show(", "print(")),
    ("parts", replaced("predict(", "guess(")),
    ("parts", replaced("slider(", "range(")),
    ("parts", replaced('check("02-', 'check("03-')),
    ("parts", replaced('quiz("02")', 'quiz("01")')),
    ("references", replaced("NGINX", "a server")),
    ("references", replaced("**Read on:**", "")),
    ("exercise", lambda book: find(book, STUB).metadata.pop("tags")),
    ("exercise", replaced("node = ...", "node = a")),
    ("exercise", replaced("b += b >= a", "b += b > a")),
    ("exercise", replaced("<summary>Hint<", "<summary>Help<")),
    ("exercise", replaced("</details>\n\n<details>", "\n\n<details>")),
    ("clean", lambda book: book.metadata.update(widgets={})),
    ("clean", lambda book: book.metadata.update(language_info={"name": "python"})),
    ("clean", lambda book: find(book, "show(").metadata.update(execution={})),
    ("clean", output_text("/home/ann/lessons")),
    ("clean", output_text("<object at 0x7f7352fd3c40>")),
    ("clean", replaced("slider(1, 10)", "'C:\\\\Users\\\\ann'")),
    ("links", replaced("solutions/02_random.py", "solutions/02_rand.py")),
]


@pytest.mark.parametrize(("name", "change"), BREAKERS, ids=[f"{name}-{at}" for at, (name, _) in enumerate(BREAKERS)])
def test_a_broken_lesson_is_caught(written, name, change):
    book = copy.deepcopy(good_notebook())
    change(book)
    assert list(RULES[name](written(book)))


DIFFERENCES = [
    ("without_outputs", lambda book: find(book, "show(").update(execution_count=1)),
    ("without_outputs", lambda book: find(book, "show(").update(outputs=["Ten bars."])),
    ("same_cells", replaced("show(", "print(")),
    ("same_cells", lambda book: find(book, "show(").update(id="another")),
    ("same_cells", lambda book: find(book, "show(").update(cell_type="raw")),
    ("same_cells", lambda book: find(book, "## Play").metadata.lbcore.update(minutes=9)),
    ("same_cells", lambda book: book.metadata.lbcore.update(minutes=30)),
    ("same_cells", lambda book: book.cells.pop()),
]


@pytest.mark.parametrize(("name", "change"), DIFFERENCES)
def test_a_lesson_that_is_not_its_executed_copy_is_caught(written, name, change):
    lesson = written(good_notebook())
    change(lesson.notebook)
    assert list(RULES[name](lesson))


def test_a_solution_that_was_edited_or_is_missing_is_caught(written):
    lesson = written(good_notebook())
    solution = lesson.root / "lessons" / "solutions" / "02_random.py"
    solution.write_text(EXERCISE.solution.replace(">= a", "> a"))
    assert list(RULES["exercise"](lesson)) == ["02_random.py in solutions is not right.py: refresh it"]
    solution.unlink()
    assert list(RULES["exercise"](lesson)) == ["the files in solutions are [], not 02_random.py"]


def test_a_lesson_without_an_exercise_is_caught(written, monkeypatch):
    monkeypatch.setattr(anatomy, "known", dict)
    assert list(RULES["exercise"](written(good_notebook())))


def test_a_path_of_this_checkout_is_caught(written):
    book = good_notebook()
    lesson = written(book)
    output_text(f"in {lesson.root}")(book)
    assert list(RULES["clean"](written(book)))


def test_every_rule_is_broken_by_some_lesson():
    assert {name for name, _ in BREAKERS + DIFFERENCES} == set(RULES)
