"""Train the VAE for a minute: python train.py [DATASET [EPOCHS]]."""

import sys

import torch
from vae import VAE, WEIGHTS

import toysound

dataset = toysound.load(sys.argv[1] if len(sys.argv) > 1 else "tones")
epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 20
torch.manual_seed(0)
model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
batches = torch.utils.data.DataLoader(dataset.torch("train"), batch_size=64, shuffle=True)
for epoch in range(epochs):
    total = 0.0
    for audio, _ in batches:
        mean, log_variance = model.encode(audio)
        latent = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        error = 100 * (model.decode(latent) - audio).square().sum(dim=1)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)
        loss = (error + divergence).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch + 1}: {total / len(batches):.1f} nats", flush=True)
torch.save(model.state_dict(), WEIGHTS)
