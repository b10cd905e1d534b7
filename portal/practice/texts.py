"""The default consents: our own plain words, a starting point that each practice should have checked."""

from portal.practice.models import ConsentKind

DEFAULT_CONSENTS: dict[ConsentKind, tuple[str, str]] = {
    ConsentKind.CARE: (
        "Working together",
        (
            "We meet as a couple, and sometimes with one of you alone. Coming is voluntary, and either of you may stop at "
            "any time without giving a reason. Couples therapy is not suited to every situation: if you do not feel safe "
            "with your partner, please tell us when we speak alone.\n\n"
            "This portal is not watched around the clock. In an emergency call your local emergency number."
        ),
    ),
    ConsentKind.PRIVACY: (
        "Your information",
        (
            "What you write here is stored encrypted and is used for your therapy only. Above every field stands who will "
            "read it. Your partner never sees your sign-ins, your settings or your consents, nor what you write for "
            "yourself or for your therapist.\n\n"
            "You may ask for a copy of your own information, and for its deletion, at any time. No page of this portal "
            "loads anything from other companies."
        ),
    ),
    ConsentKind.QUALITY: (
        "Checking our questionnaires",
        (
            "May we use your finished answers to the Readiness Test, without your name, to find out how well the test "
            "works? Only figures over a hundred couples or more are ever shown, never a single answer. You may say no, and "
            "take a yes back at any time; neither changes anything for you, and nobody is told."
        ),
    ),
    ConsentKind.SECRETS_POLICY: (
        "What you tell us alone",
        (
            "If you tell your therapist something in confidence, it stays with your therapist unless you agree that it may "
            "be spoken about together, or unless the law demands otherwise. If a confidence makes it impossible to go on "
            "working as a couple, your therapist will talk with you alone about what to do next.\n\n"
            "A summary that goes to both of you contains only what was said with both of you present, or what each of you "
            "has shared."
        ),
    ),
}
