"""Golden cases of scikit-learn's vectorizers of texts."""
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.svm import LinearSVC

from cases import Case, lr, one_hot, three, two
WORDS = ("the a I offer offers Offer discount price-cut überaus große café CAFÉ naïve Łódź Σίσυφος ΟΔΟΣ 北京 東京 don't it's "
         "e-mail 42 3.14 x_y __init__ cancel cancelled never again and or not of to in is was very quick quickly İzmir ﬁne ½").split()
TEXT = ["tolerance: 1e-12 (logarithms of numpy; BLAS and sparse products in orders of their own)"]


def texts(t, seed):
    r = np.random.RandomState(seed + 100)
    bias = {"premium": 3, "basic": 9, "standard": 17}
    spaces = [" ", " ", " ", "  ", ", ", "\t", ". ", "!\n", "\u00a0"]
    def one(plan):
        picked = [WORDS[(bias[plan] + int(abs(r.normal(0, 7)))) % len(WORDS)] for _ in range(r.randint(1, 14))]
        return "".join(w + spaces[r.randint(len(spaces))] for w in picked)
    return [one(plan) for plan in t.plan]


def document(t, seed): return pd.DataFrame({"x0": texts(t, seed)})
def documents(t, seed): return pd.DataFrame({"title": texts(t, seed), "body": texts(t, seed + 1), "age": t.age.astype(float),
                                             "balance": t.balance, "plan": t.plan})
def column(table): return np.asarray(table)[:, 0]


VECTORIZERS = {
    "count": ("counts of words", lambda: CountVectorizer()),
    "count_binary": ("words that are there", lambda: CountVectorizer(binary=True, min_df=2)),
    "count_pairs": ("words and pairs of words", lambda: CountVectorizer(ngram_range=(1, 2), max_features=300)),
    "count_pairs_only": ("pairs and triples, without English stop words", lambda: CountVectorizer(ngram_range=(2, 3), stop_words="english")),
    "count_stop": ("without words of a list", lambda: CountVectorizer(stop_words=["the", "never", "again"])),
    "count_case": ("in the case as written", lambda: CountVectorizer(lowercase=False)),
    "count_accents": ("without accents", lambda: CountVectorizer(strip_accents="unicode")),
    "count_ascii": ("in ASCII", lambda: CountVectorizer(strip_accents="ascii")),
    "count_letters": ("runs of letters", lambda: CountVectorizer(token_pattern=r"[a-zA-Z]+")),
    "count_short": ("words of one character too", lambda: CountVectorizer(token_pattern=r"(?u)\b\w+\b")),
    "count_long": ("words of four characters or more", lambda: CountVectorizer(token_pattern=r"\w{4,}")),
    "count_space": ("what stands between white space", lambda: CountVectorizer(token_pattern=r"\S+")),
    "count_apart": ("ASCII words that stand apart", lambda: CountVectorizer(token_pattern=r"\b[a-z]{2,}\b")),
    "char": ("runs of characters", lambda: CountVectorizer(analyzer="char", ngram_range=(1, 3), max_features=400)),
    "char_wb": ("runs of characters inside words", lambda: CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), max_features=400)),
    "tfidf": ("weighted words", lambda: TfidfVectorizer()),
    "tfidf_sublinear": ("logarithms of counts, l1", lambda: TfidfVectorizer(sublinear_tf=True, norm="l1")),
    "tfidf_plain": ("no norm, no smoothing", lambda: TfidfVectorizer(norm=None, smooth_idf=False)),
    "tfidf_char_wb": ("weighted runs of characters", lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), max_features=300)),
    "tf": ("counts, normalised", lambda: TfidfVectorizer(use_idf=False)),
    "hashing": ("hashes of words", lambda: HashingVectorizer(n_features=2 ** 9)),
    "hashing_counts": ("hashes of words without signs", lambda: HashingVectorizer(n_features=300, alternate_sign=False, norm=None)),
    "hashing_binary": ("hashes that are there", lambda: HashingVectorizer(n_features=128, binary=True, ngram_range=(1, 2))),
}

TEXTS = [
    *(Case(f"text_{name}_lr", text, document, two, lambda make=make: make_pipeline(make(), LogisticRegression(max_iter=3000)),
           shown=column, tolerances=TEXT) for name, (text, make) in VECTORIZERS.items()),
    Case("text_steps_sgd", "counted and then weighted", document, three, lambda: make_pipeline(
        CountVectorizer(), TfidfTransformer(), SGDClassifier(random_state=0, loss="log_loss")), shown=column, tolerances=TEXT),
    Case("text_hashed_steps_svc", "hashed and then weighted", document, two, lambda: make_pipeline(
        HashingVectorizer(n_features=256, alternate_sign=False), TfidfTransformer(), LinearSVC(random_state=0)), shown=column, tolerances=TEXT),
    Case("text_best_ridge", "the best words", document, two, lambda: make_pipeline(
        TfidfVectorizer(), SelectKBest(chi2, k=20), RidgeClassifier()), shown=column, tolerances=TEXT),
    Case("text_scaled_lr", "scaled counts", document, two, lambda: make_pipeline(CountVectorizer(), MaxAbsScaler(), lr()),
         shown=column, tolerances=TEXT),
    Case("text_lsa_lr", "singular vectors of weighted words", document, two, lambda: make_pipeline(
        TfidfVectorizer(), TruncatedSVD(5, random_state=0), lr()), shown=column, tolerances=TEXT),
    Case("text_forest", "trees of counts", document, two, lambda: make_pipeline(
        CountVectorizer(), RandomForestClassifier(10, random_state=0, n_jobs=1)), shown=column),
    Case("text_union_lr", "words and characters side by side", document, two, lambda: make_pipeline(FeatureUnion(
        [("words", TfidfVectorizer()), ("characters", CountVectorizer(analyzer="char", max_features=50))],
        transformer_weights={"characters": 0.5}), lr()), shown=column, tolerances=TEXT),
    Case("text_columns_lr", "two columns of texts among others", documents, two, lambda: make_pipeline(ColumnTransformer(
        [("title", TfidfVectorizer(), "title"), ("numbers", StandardScaler(), ["age", "balance"]),
         ("body", CountVectorizer(ngram_range=(1, 2), max_features=100), "body"), ("plan", one_hot(), ["plan"])]), lr()),
        tolerances=TEXT),
]
