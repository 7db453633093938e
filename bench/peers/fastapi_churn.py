"""The peer of `turnout serve examples/churn/server.yaml`: the same endpoint with FastAPI and scikit-learn.

    uvicorn --app-dir bench/peers fastapi_churn:app --loop uvloop --http httptools --no-access-log

As the documentation of the two has it, and wherever there is a choice, the faster one: an async handler (no hop to
a thread), one predict_proba instead of predict and predict_proba, an array instead of a data frame per request. It
counts nothing and logs nothing.
"""
import pathlib
import pickle
import time
import warnings
from typing import Literal

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, field_validator

MODEL = pathlib.Path(__file__).parents[2] / "examples/churn/models/churn-v2.1.0.pkl"
VERSION = "v2.1.0"
PLANS = {"basic": 0, "standard": 1, "premium": 2}

# scikit-learn warns at each call that the array has no column names.
warnings.filterwarnings("ignore", message="X does not have valid feature names")
model = pickle.loads(MODEL.read_bytes())
app = FastAPI(title="churn")


class Customer(BaseModel):
    customer_id: str
    age: int
    income: float
    tenure_months: int
    monthly_charges: float
    plan: str

    @field_validator("age")
    @classmethod
    def age_within(cls, value: int) -> int:
        if not 18 <= value <= 120:
            raise ValueError("Age must be between 18 and 120")
        return value

    @field_validator("plan")
    @classmethod
    def plan_known(cls, value: str) -> str:
        if value not in PLANS:
            raise ValueError(f"Unknown plan: {value}")
        return value


class Prediction(BaseModel):
    customer_id: str
    prediction: Literal[0, 1]
    will_churn: bool
    confidence: float
    model_version: str
    latency_ms: float


@app.post("/predict")
async def predict(customer: Customer) -> Prediction:
    start = time.perf_counter()
    row = np.array([[customer.age, customer.income, customer.tenure_months, customer.monthly_charges,
                     PLANS[customer.plan]]])
    probabilities = model.predict_proba(row)[0]
    prediction = int(probabilities.argmax())
    return Prediction(
        customer_id=customer.customer_id,
        prediction=prediction,
        will_churn=prediction == 1,
        confidence=float(probabilities[prediction]),
        model_version=VERSION,
        latency_ms=round((time.perf_counter() - start) * 1e3, 2),
    )


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy", "model_version": VERSION}
