"""English frames: real sentences, the questions they must give, and those that must give none."""

import itertools

import pytest

from ondol.core.examples import Fact, Passage
from ondol.evidence.support import check_support
from ondol.forge.facts import find_facts
from ondol.forge.frames import ask_about
from ondol.forge.frames.clause import is_order, lower_first, read_clause, settle_first
from ondol.forge.frames.doing import first_person
from ondol.forge.frames.lexicon import gerund, participle, third_person
from ondol.text.morphemes import Analyser

ANALYSER = Analyser()


def build_passage(text: str, *, title: str = "Fly View", context: str = "") -> Passage:
    return Passage(
        document="doc_1",
        uri="file:///handbook.md",
        title=title,
        chunk_id="chk_1",
        ordinal=0,
        start=100,
        text=text,
        context=context or title,
        language="en",
    )


def ask(text: str, *, title: str = "Fly View", context: str = "") -> dict[str, str]:
    passage = build_passage(text, title=title, context=context)
    return {
        wording.question: wording.answer
        for fact in find_facts(passage, analyser=ANALYSER)
        if fact.unit in {"sentence", "item"}
        for wording in ask_about(fact, passage, analyser=ANALYSER)
    }


CASES = [
    (
        "The Fly View is used to command and monitor the vehicle when flying.",
        "Fly View",
        ["What is the Fly View used for?", "What is the purpose of the Fly View?"],
    ),
    (
        "The selection list on the top left is used to change the source of the telemetry.",
        "Fly View",
        ["In the Fly View, what is the selection list on the top left used for?"],
    ),
    (
        "GeoFences allow you to create virtual regions within which the vehicle can fly.",
        "Plan View - GeoFence",
        ["What do GeoFences allow you to do?", "What can I do with GeoFences?"],
    ),
    (
        "The Statistics section shows the calculated survey area, photo interval and planned photo count.",
        "Survey (Plan Pattern)",
        ["What does the Statistics section show?", "What can I see in the Statistics section?"],
    ),
    (
        "The available pattern tools depend on the vehicle (and support for the type in the firmware).",
        "Pattern",
        ["What do the available pattern tools depend on?", "What determines the available pattern tools?"],
    ),
    (
        "Rally Points are alternative landing or loiter locations.",
        "Plan View - Rally Points",
        ["What are Rally Points?"],
    ),
    (
        'To create a new offline map set, click "Add new set".',
        "Offline Maps",
        ["How do I create a new offline map set?", "How can a new offline map set be created?"],
    ),
    (
        "Click the Set Logging button to enable/disable logging information displayed by QGroundControl.",
        "Console Logging",
        ["What should I click to enable/disable logging information displayed by QGroundControl?"],
    ),
    (
        "You can search for a parameter by entering a term in the Search field.",
        "Parameters",
        ["How can I search for a parameter?"],
    ),
    (
        "Regions can be deleted by pressing the associated Del button.",
        "Plan View - GeoFence",
        ["Regarding GeoFence, how can regions be deleted?", "Regarding GeoFence, how do I delete regions?"],
    ),
    (
        "After you insert the new battery QGroundControl will detect the vehicle again.",
        "Fly View",
        ["In the Fly View, what happens after you insert the new battery?"],
    ),
    (
        "If the frame selection does not match your vehicle, first select the right frame in the Frame tab.",
        "Motors Setup (ArduSub)",
        ["In Motors Setup (ArduSub), what should you do if the frame selection does not match your vehicle?"],
    ),
    (
        "QGroundControl will not display the GeoFence options if they are not supported by the vehicle.",
        "Plan View - GeoFence",
        ["When will QGroundControl not display the GeoFence options?"],
    ),
    (
        "The Terminal app is located in Applications/Utilities.",
        "Console Logging",
        ["Where is the Terminal app located?", "What is the location of the Terminal app?"],
    ),
    (
        "The selected values are laid out in three columns to optimize the screen utilization.",
        "Video Overlay",
        ["Regarding Video Overlay, why are the selected values laid out in three columns?"],
    ),
    (
        "Arming a vehicle starts the motors in preparation for takeoff.",
        "Fly View",
        ["In the Fly View, what happens when you arm a vehicle?"],
    ),
    (
        "The South African Schools Act recognises two categories of schools.",
        "Private school",
        ["How many categories does the South African Schools Act recognise?"],
    ),
    (
        "When huge pages are enabled, you must pre-allocate huge pages on each node that runs V2 volumes.",
        "Huge Page Configuration",
        ["What should you do when huge pages are enabled?"],
    ),
    (
        "The GPU driver installation takes about ten minutes.",
        "GPU driver",
        ["How long does the GPU driver installation take?"],
    ),
    (
        "On ArduPilot, the Safety page allows you to configure failsafe settings.",
        "Safety Setup",
        ["On ArduPilot, what does the Safety page allow you to do?"],
    ),
]


@pytest.mark.parametrize(("text", "title", "questions"), CASES, ids=[case[0][:40] for case in CASES])
def test_a_sentence_gives_its_questions(text: str, title: str, questions: list[str]) -> None:
    asked = ask(text, title=title)
    assert set(questions) <= set(asked), list(asked)
    assert asked[questions[0]] == text


LABELS = [
    (
        "Mute all audio output: Turns off all audio output.",
        '"Mute all audio output" turns off all audio output.',
    ),
    (
        "Instrument Panel: A widget that displays vehicle telemetry.",
        "The Instrument Panel is a widget that displays vehicle telemetry.",
    ),
    (
        "Spacing - Distance between adjacent grid lines.",
        '"Spacing" is the distance between adjacent grid lines.',
    ),
    (
        "Wind Speed: Used to aid debugging and filtering.",
        '"Wind Speed" is used to aid debugging and filtering.',
    ),
    (
        "Airframe\nSpecify the airframe type for the vehicle.",
        '"Airframe" is used to specify the airframe type for the vehicle.',
    ),
    (
        "Relative altitude - Check to specify a relative altitude.",
        'Check "Relative altitude" to specify a relative altitude.',
    ),
    (
        "Auto-Delete Files: If checked, files are deleted when the storage is used.",
        'If "Auto-Delete Files" is checked, files are deleted when the storage is used.',
    ),
]


@pytest.mark.parametrize(("text", "answer"), LABELS, ids=[case[0][:30] for case in LABELS])
def test_a_described_term_is_asked_with_its_place(text: str, answer: str) -> None:
    asked = ask(text, title="General Settings")
    assert asked
    assert set(asked.values()) == {answer}
    assert all("n the General Settings" in question for question in asked)


SILENT = [
    # nothing that its label does not say
    "Reset Default Brand Image: Reset the brand image back to default.",
    # its subject stands elsewhere
    "It is only supported on desktop builds (Windows, Linux, Mac OS).",
    "This launches the preflight arming checks popup with a list of all warnings.",
    "The tool will then be added to the Flight Tools.",
    "The feature uses a direct heartbeat to monitor the server.",
    "If needed, you can do so from the Arming Preflight Checks UI.",
    # about the page
    "The following sections describe how to perform common operations in the Fly View.",
    "This section describes the failsafe settings of the vehicle.",
    "For more information see the Video README.",
    "The image at the right shows the frame currently in use.",
    "Troubleshooting information is linked from here.",
    "Simply follow the instructions to complete calibration.",
    # code, fragments, questions
    "Column { id: root; anchors.fill: parent }",
    "Support for managing multiple vehicles.",
    "Pause/Play button to pause and restart playing.",
    "Do you want to know which vehicle types are supported?",
    "The default port of the server is one of:",
    # a second reading is possible, or the structure is not whole
    "Map up to 3 transmitter controls (dials or sliders) to separate channels.",
    "Make sure NO_PROXY contains the network addresses that should be excluded from using the proxy.",
    "Vehicle reported by ADS-B sensor are shown on map as smaller blue icons.",
    "Wait for Longhorn to create the customized default disks automatically.",
    "In order to resume a mission you cannot simply continue it from the last mission item.",
    "Deciding whether a given triple is a member of this set corresponds to solving the problem.",
    "On an international level, the price increases changed competitive positions in many industries.",
    "When the Interstate Highway System was created in the 1950s, the decision was made to build it.",
    "The neighborhood includes Kearney Boulevard, named after entrepreneur and millionaire M.",
    # what a sentence before it or a picture beside it shows
    "PX4 will then run a test and revert the new tuning if a problem is detected.",
    "Most players will open both files together when you try to play the video.",
    "In particular, if you are connected via Wifi, you can have this same level of access.",
    "If no source is specified then no other settings will be displayed (above we see the settings).",
    "If the compass is mounted in any other way you will need to specify its orientation.",
    # goals that nobody has, or that say nothing
    "Select the Replay Flight Data button in the bar to display a file selection dialog.",
    "Version on the right is displayed when there are critical messages.",
    "You must restart QGroundControl to pick up any changes even if you press Reset.",
    # a yes that says nothing, or is not sure
    "Structure Scan is available to insert into a mission from the Pattern tool.",
    "Fields can be added to only one chart.",
    # labels that are no terms, descriptions that are none
    "ArduPlane only: Select the mode channel from the dropdown.",
    "Trade-off: Increases CPU, disk I/O, and storage usage during checksum computation.",
    "Final loiter altitude - Select and set final altitude for landing after RTL or mission.",
    "Optimizing or improving the filesystem: Use a kernel with version v5.8 or later.",
    "Scroll to and select the option: Allow an app through the firewall.",
    "To save and reuse a base position perform Survey-In once, select Use Specified Base Position.",
    "For the percentage, it depends on how much space your volume uses on average.",
    "M is the snapshots created by users manually.",
    "To troubleshoot serial GPS problems: Disable RTK GPS auto connection and open the application.",
    "Press the element to switch Video and Map to foreground.",
    "You can then proceed to the next sensor.",
    "You can fly circular scans by change the polygon to a circle.",
    "Guided Maximum Altitude: Minimum value for guided actions altitude slider.",
    "You can add the label to ensure that multiple image files exist in the cluster.",
    "While polling mode keeps the load high, interrupt mode reduces the load of the processor.",
    "You can check here to see how to set recurring backups in Longhorn.",
    "General: The main application configuration settings.",
    "When the joystick is in use, commands are sent at the frequency configured by this setting.",
    # nothing to learn
    "The wireless connection needs some setup.",
    "Toggle the checkbox to the left of each field to display/hide it on the dynamic plot.",
    "Select the control option and specify the min/max for the values to assign to the dial.",
    "Choose a log file to replay from the available telemetry logs.",
]


@pytest.mark.parametrize("text", SILENT, ids=[text[:40] for text in SILENT])
def test_what_is_not_certain_is_not_asked(text: str) -> None:
    assert ask(text) == {}


def test_yes_and_no_stand_before_the_sentence_and_the_place_before_the_question() -> None:
    asked = ask("ArduPilot is not supported.", title="GeoTag Images (Analyze View)")
    assert asked == {
        "Regarding GeoTag Images, is ArduPilot supported?": (
            "No. Regarding GeoTag Images, ArduPilot is not supported."
        ),
        "Regarding GeoTag Images, can you tell me whether ArduPilot is supported?": (
            "No. Regarding GeoTag Images, ArduPilot is not supported."
        ),
    }
    assert ask("Note QGroundControl does not support polygon fences on ArduPilot.", title="Safety Setup") == {
        "Does QGroundControl support polygon fences on ArduPilot?": (
            "No. QGroundControl does not support polygon fences on ArduPilot."
        )
    }


def test_a_note_mark_and_a_dangling_also_are_no_part_of_the_answer() -> None:
    asked = ask("Tip: You can also change the altitude by moving the vertical slider.")
    assert set(asked.values()) == {"You can change the altitude by moving the vertical slider."}


def test_what_holds_in_one_place_only_is_asked_with_it() -> None:
    asked = ask("Applications cannot write new data to the volume.", title="Volume Recovery")
    assert asked
    assert all("Regarding Volume Recovery" in question for question in asked), list(asked)


def test_the_screen_is_named_by_the_title_of_its_page() -> None:
    asked = ask("The screen allows you to specify a mode channel.", title="PX4 Flight Modes Setup")
    assert "What does the PX4 Flight Modes Setup screen allow you to do?" in asked


def test_a_title_that_says_nothing_gives_way_to_the_heading() -> None:
    asked = ask(
        "The snapshot limit is the number of snapshots that a volume can have.",
        title="Settings",
        context="Settings > Snapshot > Snapshot Limits",
    )
    assert not any("Regarding Settings" in question for question in asked)


def test_wordings_of_a_fact_differ_from_their_neighbours() -> None:
    questions = list(ask("The Plan View is used to plan autonomous missions for your vehicle."))
    assert len(questions) >= 3
    for left, right in itertools.pairwise(questions):
        assert left.split()[:2] != right.split()[:2]


def test_answers_are_supported_by_their_quotes() -> None:
    for text, title, _ in CASES:
        passage = build_passage(text, title=title)
        for fact in find_facts(passage, analyser=ANALYSER):
            for wording in ask_about(fact, passage, analyser=ANALYSER):
                assert check_support(wording.answer, [fact.evidence.quote]).supported
                assert wording.question.endswith("?")


def read(text: str) -> tuple[str, str, str]:
    clause = read_clause(text)
    assert clause is not None
    return clause.subject, clause.auxiliary or clause.verb, clause.rest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The default values include altitude.", ("the default values", "include", "altitude")),
        (
            "Sensors marked with red require calibration.",
            ("sensors marked with red", "require", "calibration"),
        ),
        ("Offline Maps allows you to cache tiles.", ("Offline Maps", "allow", "you to cache tiles")),
        (
            "Messages containing fields that are charted are shown.",
            ("messages containing fields that are charted", "are", "shown"),
        ),
        (
            "Mission commands for the mission are listed on the right.",
            ("mission commands for the mission", "are", "listed on the right"),
        ),
        ("Command output is displayed in the view.", ("command output", "is", "displayed in the view")),
        ("A volume has data locality.", ("a volume", "have", "data locality")),
        ("Continue is used to restart a mission.", ("Continue", "is", "used to restart a mission")),
    ],
)
def test_subject_verb_and_rest_are_told_apart(text: str, expected: tuple[str, str, str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Press Next when the sticks are in position.",
        "Once the vehicle is connected, you can enter commands.",
        "Keep in mind that presets are specific to your version.",
        "By specifying this value, survey times can be approximated.",
        "Not every mode may be available.",
    ],
)
def test_no_clause_is_read_where_another_thought_stands_first(text: str) -> None:
    assert read_clause(text) is None


def test_orders_are_known_by_their_verb_and_object() -> None:
    assert is_order("Click the OK button to start the update.")
    assert is_order("First select the Gear icon in the toolbar.")
    assert not is_order("Support for other patterns is in development.")
    assert not is_order("Pause/Play button to pause and restart playing.")


def test_the_first_word_keeps_its_capital_only_as_a_name() -> None:
    assert lower_first("The view") == "the view"
    assert lower_first("Flight Modes page") == "Flight Modes page"
    assert lower_first("QGroundControl desktop") == "QGroundControl desktop"
    assert settle_first("Turbines are efficient.", "many turbines run fast") == "turbines are efficient."
    assert (
        settle_first("Ubuntu comes with a manager.", "run it on Ubuntu 22") == "Ubuntu comes with a manager."
    )
    assert settle_first("Glucocorticoids are strong.", "") == ""


def test_you_becomes_i_where_that_is_sure() -> None:
    assert first_person("see what you want on your vehicle") == "see what I want on my vehicle"
    assert first_person("show you") == "show me"
    assert first_person("do what you're told") == ""


def test_forms_of_verbs() -> None:
    assert [third_person(v) for v in ("display", "apply", "pass", "have")] == [
        "displays",
        "applies",
        "passes",
        "has",
    ]
    assert [participle(v) for v in ("show", "use", "stop", "apply")] == [
        "shown",
        "used",
        "stopped",
        "applied",
    ]
    assert [gerund(v) for v in ("use", "run", "see", "enter")] == ["using", "running", "seeing", "entering"]


def test_a_pronoun_is_named_in_the_question_where_it_is_certain() -> None:
    asked = ask(
        "Rally Points are landing places. They are used to provide a safer destination than home.",
        title="Plan View - Rally Points",
    )
    assert (
        asked["What are Rally Points used for?"]
        == "Rally Points are used to provide a safer destination than home."
    )


@pytest.mark.parametrize(
    "text",
    [
        # another paragraph, another number, not the topic, or spoken of before
        "The Fly View shows the map of the area.\n\nIt is used to command the vehicle.",
        "The Fly View shows the map of the area. They are used to command the vehicle.",
        "The left slider has a red handle on its top. It is used to command the vehicle.",
        "The Fly View shows the map of the area. It also requires usage of a daily build.",
    ],
)
def test_an_uncertain_pronoun_is_not_named(text: str) -> None:
    second = text.split(".")[1].split(maxsplit=1)[0] + " "
    assert not any(answer.startswith(second) for answer in ask(text).values())


def test_a_fact_that_does_not_stand_alone_is_not_asked() -> None:
    passage = build_passage("The Fly View is used to monitor the vehicle.")
    fact: Fact = find_facts(passage, analyser=ANALYSER)[0]
    assert ask_about(fact.model_copy(update={"standalone": False}), passage, analyser=ANALYSER) == ()


def test_a_condition_that_is_only_an_ellipsis_is_not_asked_for():
    found = ask(
        "The Resume Mission dialog does not display when it should and you are left with a slider.",
        title="Resume Mission Failures",
    )
    assert not any("when does" in question.lower() for question in found)
    kept = ask("Status icons are displayed when QGroundControl is connected to a vehicle.")
    assert any("when are status icons displayed" in question for question in kept)


def test_what_is_true_also_answers_no_question_that_asks_for_all() -> None:
    text = "The screen {}allows you to manage log streaming."
    plain, more = (ask(text.format(word), title="MAVLink Settings") for word in ("", "also "))
    assert plain["What does the MAVLink Settings screen allow you to do?"] == (
        "The MAVLink Settings screen allows you to manage log streaming."
    )
    assert not any(question.startswith("What does") for question in more)


def test_only_is_kept_in_every_wording() -> None:
    asked = ask("CompassMot only works well because the interference is linear.", title="Sensor Setup")
    assert asked
    assert all(" only " in question for question in asked), list(asked)


def test_what_a_thing_is_made_with_is_not_what_one_does() -> None:
    asked = ask("The joystick support is enabled using the SDL2 library.", title="Joystick Setup")
    assert list(asked) == ["How is the joystick support enabled?"]


def test_a_vague_goal_is_no_goal() -> None:
    asked = ask("You can assign a small number of channels to trigger particular actions.")
    assert not any(question.lower().count("how ") for question in asked), list(asked)


def test_something_definite_is_told_its_heading() -> None:
    asked = ask(
        "Click Ok to start the calibration.",
        title="Sensor Setup (PX4)",
        context="Sensor Setup (PX4) > Gyroscope",
    )
    assert "Under Gyroscope in Sensor Setup (PX4), how do I start the calibration?" in asked


def test_a_short_term_is_told_its_heading() -> None:
    asked = ask(
        "Altitude - Altitude for the touchdown (nominally zero).",
        title="Fixed Wing Pattern",
        context="Fixed Wing Pattern > Settings > Landing Point",
    )
    assert 'What is "Altitude" under Landing Point in Fixed Wing Pattern?' in asked


def test_two_statements_are_not_one_question():
    found = ask(
        "V2 volumes do not support engine upgrades and all V2 volumes must be detached before upgrading.",
        title="Upgrading",
    )
    assert not any(answer.startswith(("Yes", "No")) for answer in found.values())
