"""Writes the text_*.pkl of this folder, as make.py does the others: fitted vectorizers with one thing wrong."""
import copy, pathlib, pickle

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

HERE = pathlib.Path(__file__).parent
DOCUMENTS = ["no such luck", "such a day", "what luck", "a good day"]
Y = [0, 1, 0, 1]


def with_(step, **attributes):
    step = copy.copy(step)
    vars(step).update(attributes)
    return step


def served(*steps, width=None):
    steps = [copy.copy(step) for step in steps]
    lr = LogisticRegression().fit(np.eye(width or len(counts.vocabulary_))[:2], [0, 1])
    return Pipeline([(f"s{i}", step) for i, step in enumerate([*steps, lr])])


counts = CountVectorizer().fit(DOCUMENTS)
tfidf = TfidfVectorizer().fit(DOCUMENTS)
hashes = HashingVectorizer(n_features=4)
weights = TfidfTransformer().fit(counts.transform(DOCUMENTS))
terms = sorted(counts.vocabulary_)


def of(step, width=None, **attributes): return served(with_(step, **attributes), width=width)


CASES = {
    "tokenizer": of(counts, tokenizer=len),
    "preprocessor": of(counts, preprocessor=str.lower),
    "analyzer_function": of(counts, analyzer=str.split),
    "analyzer_unknown": of(counts, analyzer="line"),
    "reads_files": of(counts, input="filename"),
    "accents_function": of(counts, strip_accents=str.lower),
    "accents_unknown": of(counts, strip_accents="utf"),
    "runs_of_none": of(counts, ngram_range=(0, 1)),
    "runs_backwards": of(counts, ngram_range=(2, 1)),
    "runs_too_long": of(counts, ngram_range=(1, 1000)),
    "runs_of_three_ends": of(counts, ngram_range=(1, 2, 3)),
    "pattern": of(counts, token_pattern=r"(\w+)-(\w+)"),
    "pattern_of_a_number": of(counts, token_pattern=3),
    "pattern_missing": of(counts, token_pattern=None),
    "stop_words_unknown": of(counts, stop_words="german"),
    "stop_words_of_numbers": of(counts, stop_words=[1, 2]),
    "vocabulary_missing": served(CountVectorizer(), width=4),
    "vocabulary_empty": of(counts, vocabulary_={}),
    "vocabulary_list": of(counts, vocabulary_=terms),
    "vocabulary_of_numbers": of(counts, vocabulary_={1: 0}),
    "vocabulary_column_twice": of(counts, vocabulary_={term: 0 for term in terms}),
    "vocabulary_column_past_the_end": of(counts, vocabulary_={term: i + 1 for i, term in enumerate(terms)}),
    "vocabulary_column_negative": of(counts, vocabulary_={term: i - 1 for i, term in enumerate(terms)}),
    "vocabulary_column_text": of(counts, vocabulary_={term: term for term in terms}),
    "weights_too_few": of(tfidf, _tfidf=with_(tfidf._tfidf, idf_=np.ones(2))),
    "weights_of_texts": of(tfidf, _tfidf=with_(tfidf._tfidf, idf_=np.array(["a"] * len(terms)))),
    "weights_missing": of(tfidf, _tfidf=TfidfTransformer()),
    "weights_norm": of(tfidf, _tfidf=with_(tfidf._tfidf, norm="max")),
    "weights_alone": served(weights),
    "weights_behind_codes": served(OrdinalEncoder().fit([[d] for d in DOCUMENTS]), weights),
    "weights_of_signs": served(hashes, with_(TfidfTransformer(use_idf=False), sublinear_tf=True), width=4),
    "hashes_to_none": of(hashes, 4, n_features=0),
    "hashes_to_many": of(hashes, 4, n_features=2 ** 30),
    "vectorizer_twice": served(counts, counts),
}

for name, made in CASES.items():
    (HERE / f"text_{name}.pkl").write_bytes(pickle.dumps(made, protocol=3))
