"""Fit the weights that both models of this folder read: python fit.py [DATASET]."""

import sys

import numpy as np

import toysound

dataset = toysound.load(sys.argv[1] if len(sys.argv) > 1 else "tones")
train = dataset.split("train")
audio = dataset.audio(train[:: len(train) // 500 + 1])
mean = audio.mean(axis=0)
axes = np.linalg.svd(audio - mean, full_matrices=False)[2][:10]
np.savez("weights.npz", mean=mean, axes=axes)
