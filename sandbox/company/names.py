"""Words for the made-up people and teams."""

DOMAIN = "acme.example"

FIRST_NAMES = """
    Ada Alan Amara Ana Anton Aya Ben Bruno Carla Chen Clara Dana David Diego Elena Emil Erik Eva Farah
    Felix Grace Hana Hugo Ines Ivan Jana Jonas Julia Kai Kenji Lara Leo Lina Luca Maya Mei Milo Mina
    Nadia Nina Noah Nora Omar Oscar Paula Petra Priya Rafael Rosa Ruth Sam Sara Sofia Tara Theo Tim Uma
    Vera Yuki Zoe
""".split()  # noqa: SIM905  (as a list, a line for each name)
LAST_NAMES = """
    Adams Alvarez Bauer Berg Brandt Castro Cohen Costa Dahl Diaz Eriksen Evans Ferrari Fischer Garcia
    Green Haas Hansen Ito Ivanova Jansen Jones Kaya Keller Kim Kovacs Lang Larsen Lopez Martin Mehta
    Meyer Moreau Mori Nagy Novak Okafor Olsen Park Patel Petrov Quinn Ramos Reyes Rossi Sato Schmidt
    Silva Singh Smith Suzuki Tanaka Torres Vargas Wagner Walker Weber Wong Young Zhang
""".split()  # noqa: SIM905  (as a list, a line for each name)

# Parent > Team, the spelling that billing groups use.
GROUPS = (
    "Engineering > Platform",
    "Engineering > Web",
    "Engineering > Mobile",
    "Engineering > Infrastructure",
    "Data > Analytics",
    "Data > Machine Learning",
    "Product > Growth",
    "Product > Design",
    "Security",
)

SERVICE_ACCOUNT = "ci-agent"
AUTOMATION = "nightly-review"
